import { describe, expect, test } from '@jest/globals';
import type { Needs } from '../../e2e/claim.ts';
import { groupsOf } from '../../e2e/lanes.ts';

const items = (text: string): { name: string; needs?: Needs }[] => text.split(' ').map((name) => (name.startsWith('s') ? { name, needs: 'shared' } : { name }));

describe('groups', () => {
  test.each<{ name: string; given: string; width: number; expected: string }>([
    { name: 'neighbours that share', given: 'q1 s1 s2 s3 q2', width: 3, expected: 'q1 | s1 s2 s3 | q2' },
    { name: 'a quiet one parts those that share', given: 's1 q1 s2', width: 3, expected: 's1 | q1 | s2' },
    { name: 'quiet ones never meet', given: 'q1 q2', width: 3, expected: 'q1 | q2' },
    { name: 'one at a time', given: 's1 s2 q1', width: 1, expected: 's1 | s2 | q1' },
  ])('$name', ({ given, width, expected }) => {
    expect(groupsOf(items(given), width).map((group) => group.map(({ name }) => name).join(' ')).join(' | ')).toBe(expected);
  });
});
