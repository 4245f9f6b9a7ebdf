/**
 * The rules of statistics/pairing in SQL. `made` and `observed` are epoch milliseconds; parameters are those of JoinRules by their names.
 * Both give the same (test/unit/server/evaluation/feedback-join.test.ts); what is changed here is changed there.
 */

/** Tables that journal files are read into. */
export const TABLES = `
  create table prediction_line (id varchar, entity varchar, made bigint, hash varchar, stable double, candidate_hash varchar, candidate double, decision boolean, arm varchar);
  create table label_line (id varchar, predicted bigint, entity varchar, positive boolean, observed bigint, received bigint);
`;

const INSTANT = (column: string): string => `epoch_ms(try_cast(${column} as timestamptz))`;

/** What a reader needs of PredictionRecord and LabelRecord; the rest of a line is passed over. */
const COLUMNS = {
  prediction: `{schemaVersion: 'INTEGER', id: 'VARCHAR', entity: 'VARCHAR', "at": 'VARCHAR', hash: 'VARCHAR', probability: 'DOUBLE', candidate: 'STRUCT(hash VARCHAR, probability DOUBLE)', answered: 'STRUCT(decision BOOLEAN, arm VARCHAR)'}`,
  label: `{schemaVersion: 'INTEGER', id: 'VARCHAR', entity: 'VARCHAR', "label": 'BOOLEAN', observedAt: 'VARCHAR', receivedAt: 'VARCHAR'}`,
} as const;

/** Longest line that is read: raw columns of 64 Ki characters, and some room. */
const MAX_LINE_BYTES = 1 << 20;

/** Reads files as a temporary table; a line that cannot be read is a row of nothing. */
export function stageFiles(kind: keyof typeof COLUMNS, files: readonly string[]): string {
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
  return `create or replace temp table staged as
    select * from read_json([${list}], format = 'newline_delimited', compression = 'gzip', ignore_errors = true, maximum_object_size = ${MAX_LINE_BYTES}, columns = ${COLUMNS[kind]})`;
}

/** The time in a prediction id, as prediction-ids.ts writes it: the first 48 bits of its last 36 characters. */
const PREDICTED = `case when regexp_full_match(id, '[a-z][-a-z0-9]*[.][A-Za-z0-9_-]{36}') then cast('0x' || hex(from_base64(translate(substr(id, -36, 8), '-_', '+/'))) as bigint) end`;

/** Takes the staged lines that are whole into their table. */
export const TAKE_STAGED = {
  prediction: `insert into prediction_line
    select id, entity, ${INSTANT('"at"')}, hash, probability, case when candidate.probability between 0 and 1 then candidate.hash end, candidate.probability, answered.decision, answered.arm
    from staged where schemaVersion = 1 and id is not null and ${INSTANT('"at"')} is not null and hash is not null and probability between 0 and 1 and answered is not null`,
  label: `insert into label_line
    select id, ${PREDICTED}, entity, "label", ${INSTANT('observedAt')}, ${INSTANT('receivedAt')}
    from staged where schemaVersion = 1 and (id is not null or entity is not null) and "label" is not null and ${INSTANT('observedAt')} is not null and ${INSTANT('receivedAt')} is not null`,
} as const;

const WRITTEN = (column: string): string => `strftime(make_timestamp(${column} * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')`;

/** Lines that were taken since `$from` lines were there, as records that `stageFiles` reads; a table only ever grows. */
export const CONDENSED = {
  prediction: `select 1 as "schemaVersion", id, entity, ${WRITTEN('made')} as "at", hash, stable as probability,
    case when candidate_hash is not null then {hash: candidate_hash, probability: candidate} end as candidate, {decision: decision, arm: arm} as answered
    from prediction_line where rowid >= `,
  label: `select 1 as "schemaVersion", id, entity, positive as "label", ${WRITTEN('observed')} as "observedAt", ${WRITTEN('received')} as "receivedAt"
    from label_line where rowid >= `,
} as const;

/** Writes what a query gives as gzip of one JSON document a line. */
export function writeLines(query: string, file: string): string {
  return `copy (${query}) to '${file.replaceAll("'", "''")}' (format json, compression gzip)`;
}

/** What was delivered more than once counts once; then each label knows its prediction, or its customer. */
export const DISTINCT = `
  create or replace table prediction as select distinct on (id) * from prediction_line;
  create or replace table resolved as
    select l.*, p.id as named, p.entity as named_entity
    from (
      select distinct on (id, case when id is null then entity end, observed) *
      from label_line order by id, case when id is null then entity end, observed, received desc, positive desc, entity desc nulls last
    ) l left join prediction p on p.id = l.id;
`;

const POPULATIONS = { All: 'true', Contacted: 'coalesce(decision, false)', Control: "coalesce(arm = 'control', false)" } as const;

/** Every prediction with the reason why it is not looked at; none where it is. */
export function classify(population: keyof typeof POPULATIONS): string {
  return `create or replace table classified as
    select *, case
      when made < $fromMs then 'BeforeWindow'
      when made + $horizonMs > $nowMs then 'NotMatured'
      when $stableHash is not null and hash is distinct from $stableHash then 'OtherVersion'
      when $candidateHash is not null and candidate_hash is distinct from $candidateHash then 'NoCandidateScore'
      when not ${POPULATIONS[population]} then 'OutsidePopulation'
    end as exclusion
    from prediction`;
}

/** Whom an observation is of; a customer may be called as a prediction is. */
const UNIT = `case when entity is null then 'prediction ' || id else 'customer ' || entity end`;

/** One prediction a customer, or each where nobody is named. */
export const CHOOSE = `create or replace table chosen as
  select distinct on (unit) * from (select *, ${UNIT} as unit from classified where exclusion is null)
  order by unit, made desc, id desc`;

/** The label of each chosen prediction that counts: tier 1 is its own, or its customer's; tier 2 names another prediction of the customer. */
export const DECIDE = `create or replace table decided as
  select distinct on (id) id, tier, positive from (
    select c.id, 1 as tier, r.positive, r.observed, r.received from chosen c join resolved r on r.named = c.id
    union all
    select c.id, 1, r.positive, r.observed, r.received from chosen c join resolved r on r.entity = c.entity
      where r.named is null and r.observed between c.made and c.made + $horizonMs
    union all
    select c.id, 2, r.positive, r.observed, r.received from chosen c join resolved r on r.named_entity = c.entity
      where r.named <> c.id and r.observed between c.made and c.made + $horizonMs
  ) order by id, tier, observed desc, received desc, positive desc`;

/** Customers that are scored by both sides and have no matured prediction yet. */
export const PENDING = `select count(distinct ${UNIT}), min(made) from classified
  where exclusion = 'NotMatured' and ($stableHash is null or hash = $stableHash) and ($candidateHash is null or candidate_hash = $candidateHash)
    and ${UNIT} not in (select unit from chosen)`;

/** Samples in the order of their prediction ids. */
export const SAMPLES = `select c.id, c.entity, cast(c.made as double), c.stable, c.candidate, coalesce(d.positive, false), coalesce(d.tier, 0)
  from chosen c left join decided d on d.id = c.id order by c.id`;

/** Labels without a prediction in its horizon; the latest before a label is the one to look at. */
export const UNMATCHED = `
  with known as (select entity, made from prediction where entity is not null),
    missed as (
      select predicted, observed from resolved where named is null and entity is null
      union all
      select r.predicted, r.observed from (select * from resolved where named is null and entity is not null) r asof left join known k on k.entity = r.entity and r.observed >= k.made
        where k.made is null or r.observed > k.made + $horizonMs
    )
  select count(*) filter (coalesce(predicted, observed) >= $fromMs), count(*) filter (coalesce(predicted, observed) < $fromMs) from missed`;
