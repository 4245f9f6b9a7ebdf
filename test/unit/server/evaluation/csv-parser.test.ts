import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CsvParser, MAX_FIELD_CHARS, UnreadableCsv } from '../../../../server/evaluation/outcomes/csv-parser.ts';

function read(text: string, pieces: readonly number[] = []) {
  const parser = new CsvParser(',');
  const cuts = [0, ...pieces.toSorted((a, b) => a - b), text.length];
  const records = cuts.flatMap((from, at) => [...parser.push(text.slice(from, cuts[at + 1] ?? text.length))]);
  return [...records, ...parser.end()];
}

function fieldsOf(text: string): readonly (readonly string[])[] {
  return read(text).map(({ fields }) => fields);
}

// RFC 4180, section 2, and what spreadsheets write.
test.each<{ name: string; text: string; expected: readonly (readonly string[])[] }>([
  { name: 'CRLF', text: 'aaa,bbb\r\nccc,ddd\r\n', expected: [['aaa', 'bbb'], ['ccc', 'ddd']] },
  { name: 'no line break at the end', text: 'aaa,bbb\nccc,ddd', expected: [['aaa', 'bbb'], ['ccc', 'ddd']] },
  { name: 'CR alone', text: 'a\rb\r', expected: [['a'], ['b']] },
  { name: 'quoted', text: '"aaa","b\r\nbb","c,c"\n', expected: [['aaa', 'b\r\nbb', 'c,c']] },
  { name: 'a quote in quotes', text: '"aaa","b""bb","ccc"', expected: [['aaa', 'b"bb', 'ccc']] },
  { name: 'a quote within a plain field', text: 'a"b"c,d\n', expected: [['a"b"c', 'd']] },
  { name: 'empty fields', text: ',\n"",\n', expected: [['', ''], ['', '']] },
  { name: 'empty lines', text: '\n\na\n\n', expected: [['a']] },
  { name: 'nothing', text: '', expected: [] },
  { name: 'spaces are kept', text: ' a , b ', expected: [[' a ', ' b ']] },
])('$name', ({ text, expected }) => expect(fieldsOf(text)).toEqual(expected));

test('rows are counted as a spreadsheet does', () => {
  expect(read('h\n\n"two\nlines"\nlast').map(({ row }) => row)).toEqual([1, 3, 4]);
});

test('text behind a closing quote makes its record malformed, and no other', () => {
  expect(read('"a"x,b\n"c",d\n').map(({ malformed }) => malformed)).toEqual([true, false]);
});

describe('what cannot be read on', () => {
  test('a quote that is not closed', () => {
    expect(() => read('a\n"b')).toThrow(UnreadableCsv);
  });

  test('a quote that is not closed in a file without end', () => {
    expect(() => read(`a\n"${'b,c\n'.repeat(MAX_FIELD_CHARS / 4 + 1)}`)).toThrow(expect.objectContaining({ row: 2 }));
  });
});

test('what is written by the rules is read, wherever pieces end', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'ü', ' '), maxLength: 6 });
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(table, fc.array(fc.nat(100), { maxLength: 8 }), (rows, cuts) => {
      const text = rows.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(',')).join('\r\n');
      expect(read(text, cuts.map((cut) => cut % (text.length + 1))).map(({ fields }) => fields)).toEqual(rows);
    }),
  );
});
