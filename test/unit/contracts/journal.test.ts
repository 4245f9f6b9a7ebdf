import { expect, test } from '@jest/globals';
import { entityName } from '../../../contracts/journal.ts';

test.each<{ value: unknown; entity: string | undefined }>([
  { value: '7590-VHVEG', entity: '7590-VHVEG' },
  { value: ' 7590 ', entity: ' 7590 ' },
  { value: 7590, entity: '7590' },
  { value: 7590.5, entity: '7590.5' },
  { value: 'x'.repeat(256), entity: 'x'.repeat(256) },
  { value: 'x'.repeat(257), entity: undefined },
  { value: '', entity: undefined },
  { value: '  ', entity: undefined },
  { value: null, entity: undefined },
  { value: undefined, entity: undefined },
  { value: Number.NaN, entity: undefined },
  { value: true, entity: undefined },
  { value: ['7590'], entity: undefined },
  { value: { id: 1 }, entity: undefined },
])('$value names $entity', ({ value, entity }) => expect(entityName(value)).toBe(entity));
