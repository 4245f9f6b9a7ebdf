/**
 * The rules of a join in SQL. `made` and `observed` are epoch milliseconds; parameters are those of JoinRules by their names. The same rules stand
 * in test/oracles/feedback-join.ts, where they can be read case by case, and tests hold both to the same answer: what is changed here is changed there.
 */

/**
 * Tables that journal files are read into. Whatever is grouped or joined is of a fixed width: `key` is a digest of the prediction's id (customers: of
 * their names), hashes are their first 16 digits. An aggregate over texts holds them in memory; over numbers it spills to disk.
 */
export const TABLES = `
  create table prediction_line (key uhugeint, id varchar, entity varchar, made bigint, hash ubigint, stable double, candidate_hash ubigint, candidate double, decision boolean, arm varchar);
  create table label_line (id varchar, predicted bigint, entity varchar, positive boolean, observed bigint, received bigint);
`;

/** A hash as the tables have it: its first 16 digits as a number; null for none. */
export function hashNumber(hash: string | undefined): string | null {
  return hash === undefined ? null : BigInt(`0x${hash.slice(0, HASH_DIGITS)}`).toString();
}

const HASH_DIGITS = 16;
const HASH = (column: string): string => `try_cast('0x' || substr(${column}, 1, ${HASH_DIGITS}) as ubigint)`;
/** Instants within 35,000 years, in milliseconds: two of them fit into a number. */
const FARTHEST = 2n ** 50n;
const isInstant = (column: string): string => `${INSTANT(column)} between -${FARTHEST - 1n} and ${FARTHEST - 1n}`;
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
    select md5_number(id), id, entity, ${INSTANT('"at"')}, ${HASH('hash')}, probability, case when candidate.probability between 0 and 1 then ${HASH('candidate.hash')} end, candidate.probability, answered.decision, answered.arm
    from staged where schemaVersion = 1 and id is not null and ${isInstant('"at"')} and ${HASH('hash')} is not null and probability between 0 and 1 and answered is not null`,
  label: `insert into label_line
    select id, ${PREDICTED}, entity, "label", ${INSTANT('observedAt')}, ${INSTANT('receivedAt')}
    from staged where schemaVersion = 1 and (id is not null or entity is not null) and "label" is not null and ${isInstant('observedAt')} and ${isInstant('receivedAt')}`,
} as const;

const WRITTEN = (column: string): string => `strftime(make_timestamp(${column} * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')`;

const DIGITS = (column: string): string => `format('{:016x}', ${column})`;

/** Lines that were taken since `$from` lines were there, as records that `stageFiles` reads; a table only ever grows. */
export const CONDENSED = {
  prediction: `select 1 as "schemaVersion", id, entity, ${WRITTEN('made')} as "at", ${DIGITS('hash')} as hash, stable as probability,
    case when candidate_hash is not null then {hash: ${DIGITS('candidate_hash')}, probability: candidate} end as candidate, {decision: decision, arm: arm} as answered
    from prediction_line where rowid >= `,
  label: `select 1 as "schemaVersion", id, entity, positive as "label", ${WRITTEN('observed')} as "observedAt", ${WRITTEN('received')} as "receivedAt"
    from label_line where rowid >= `,
} as const;

/** Writes what a query gives as gzip of one JSON document a line. */
export function writeLines(query: string, file: string): string {
  return `copy (${query}) to '${file.replaceAll("'", "''")}' (format json, compression gzip)`;
}

/**
 * What was delivered more than once counts once; then each label knows its prediction, or its customer. `unit` is whom an observation is of: a
 * customer may be called as a prediction is.
 */
export const DISTINCT = `
  create or replace table prediction as
    select *, md5_number(entity) as customer, md5_number(case when entity is null then 'prediction ' || id else 'customer ' || entity end) as unit
    from prediction_line where rowid in (select min(rowid) from prediction_line group by key);
  create or replace table label as
    select md5_number(case when id is null then 'customer ' || entity else 'prediction ' || id end) as subject, md5_number(id) as key, md5_number(entity) as customer,
      predicted, observed, 2 * received + cast(positive as int) as told
    from label_line;
  create or replace table distinct_label as
    select l.observed, l.told, max(l.key) as key, max(l.customer) as customer, max(l.predicted) as predicted
    from label l join (select subject, observed, max(told) as told from label group by subject, observed) last on last.subject = l.subject and last.observed = l.observed and last.told = l.told
    group by l.subject, l.observed, l.told;
  create or replace table resolved as
    select l.*, p.key as named, p.customer as named_customer from distinct_label l left join prediction p on p.key = l.key;
`;

const POPULATIONS = { All: 'true', Contacted: 'coalesce(decision, false)', Control: "coalesce(arm = 'control', false)" } as const;

/** Every prediction with the reason why it is not looked at; none where it is. */
export function classify(population: keyof typeof POPULATIONS): string {
  return `create or replace table classified as
    select key, unit, customer, made,
      ($stableHash is null or hash = cast($stableHash as ubigint)) and ($candidateHash is null or candidate_hash = cast($candidateHash as ubigint)) as paired,
      case
      when made < $fromMs then 'BeforeWindow'
      when made + $horizonMs > $nowMs then 'NotMatured'
      when $stableHash is not null and hash is distinct from cast($stableHash as ubigint) then 'OtherVersion'
      when $candidateHash is not null and candidate_hash is distinct from cast($candidateHash as ubigint) then 'NoCandidateScore'
      when not ${POPULATIONS[population]} then 'OutsidePopulation'
    end as exclusion
    from prediction`;
}

/** One prediction a unit: the latest, and of those made at the same instant the one with the last id. */
export const CHOOSE = `
  create or replace table contender as
    select c.unit, c.key, c.customer, c.made from classified c join (select unit, max(made) as made from classified where exclusion is null group by unit) latest
    on latest.unit = c.unit and latest.made = c.made where c.exclusion is null;
  create or replace table chosen as
    select unit, min(key) as key, min(customer) as customer, min(made) as made from contender group by unit having count(*) = 1
    union all
    select unit, key, customer, made from (
      select t.*, p.id from contender t join prediction p on p.key = t.key where t.unit in (select unit from contender group by unit having count(*) > 1)
    ) qualify row_number() over (partition by unit order by id desc) = 1;
`;

/** The label that counts is the one of the greatest number: first of the lower tier, then the last observed, the last received, the positive one. */
const TIER = 2n ** 110n;
const rank = (tier: 1 | 2): string => `${3n - BigInt(tier)}::hugeint * ${TIER} + (r.observed + ${FARTHEST})::hugeint * ${2n ** 54n} + (r.told + ${2n * FARTHEST})`;

/** The label of each chosen prediction that counts: tier 1 is its own, or its customer's; tier 2 names another prediction of the customer. */
export const DECIDE = `create or replace table decided as
  select key, max(rank) as rank from (
    select c.key, ${rank(1)} as rank from chosen c join resolved r on r.named = c.key
    union all
    select c.key, ${rank(1)} from chosen c join resolved r on r.customer = c.customer
      where r.named is null and r.observed between c.made and c.made + $horizonMs
    union all
    select c.key, ${rank(2)} from chosen c join resolved r on r.named_customer = c.customer
      where r.named <> c.key and r.observed between c.made and c.made + $horizonMs
  ) group by key`;

/** Customers that are scored by both sides and have no matured prediction yet. */
export const PENDING = `select count(distinct unit), min(made) from classified where exclusion = 'NotMatured' and paired and unit not in (select unit from chosen)`;

/** Samples in the order of their prediction ids. */
export const SAMPLES = `select p.id, p.entity, cast(p.made as double), p.stable, p.candidate, coalesce(d.rank % 2 = 1, false), coalesce(cast(3 - d.rank // ${TIER} as int), 0)
  from chosen c join prediction p on p.key = c.key left join decided d on d.key = c.key order by p.id`;

/** Labels without a prediction in its horizon; the latest before a label is the one to look at. */
export const UNMATCHED = `
  with known as (select customer, made from prediction where customer is not null),
    missed as (
      select predicted, observed from resolved where named is null and customer is null
      union all
      select r.predicted, r.observed from (select * from resolved where named is null and customer is not null) r asof left join known k on k.customer = r.customer and r.observed >= k.made
        where k.made is null or r.observed > k.made + $horizonMs
    )
  select count(*) filter (coalesce(predicted, observed) >= $fromMs), count(*) filter (coalesce(predicted, observed) < $fromMs) from missed`;
