import type { InputColumn, ModelCard } from '../../contracts/model-card.ts';

/** A JSON Schema document or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

function describe(input: InputColumn): string {
  const parts = [input.description ?? ''];
  const meaning = input.missing.meaning.replace(/\.$/, '');
  if (input.missing.policy === 'Impute') parts.push(`May be null or left out${meaning === '' ? '' : `: ${meaning}`}.`);
  else parts.push(`Must be there${meaning === '' ? '' : ` (${meaning})`}.`);
  if (input.type === 'number') parts.push(`Seen in training: ${input.range.min} to ${input.range.max}.`);
  else if (input.unseen === 'Ignore') parts.push('Other values are scored as none of the known ones.');
  return parts.filter((part) => part !== '').join(' ');
}

function columnSchema(input: InputColumn): JsonSchema {
  const nullable = input.missing.policy === 'Impute';
  const description = describe(input);
  if (input.type === 'number') return { type: nullable ? ['number', 'null'] : 'number', description };
  if (input.unseen === 'Ignore') return { type: nullable ? ['string', 'null'] : 'string', ...(nullable ? {} : { pattern: '\\S' }), examples: input.categories, description };
  return { enum: nullable ? [...input.categories, '', null] : input.categories, description };
}

/**
 * JSON Schema (2020-12) of one instance, made from the card. It accepts what the server accepts, but for what it cannot say: numbers must
 * fit float32, texts have no NUL, a blank text is a missing category, and columns that the model does not know are ignored.
 */
export function instanceSchema(card: Pick<ModelCard, 'inputs' | 'entity' | 'name'>): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  if (card.entity !== null) properties[card.entity.column] = { description: 'Names the customer; not used for the score.' };
  for (const input of card.inputs) properties[input.name] = columnSchema(input);
  return {
    title: `One customer, as ${card.name} takes it`,
    type: 'object',
    properties,
    required: card.inputs.filter((input) => input.missing.policy === 'Refuse').map((input) => input.name),
    additionalProperties: true,
  };
}
