const RUN = /\d+|\D+/g;

/**
 * Natural order of version names: runs of digits compare as numbers (v9 < v10, 20261101-0300 < 20261201-0300), other runs by UTF-16 code
 * unit, a shorter name before a longer one that starts with it. Names that are equal as numbers (v1, v01) compare as text, so that the
 * order is total.
 * @returns negative, 0 or positive, as `sort` wants it
 */
export function compareVersions(a: string, b: string): number {
  const runsA = a.match(RUN) ?? [];
  const runsB = b.match(RUN) ?? [];
  for (let index = 0; index < Math.min(runsA.length, runsB.length); index += 1) {
    const order = compareRuns(runsA[index] ?? '', runsB[index] ?? '');
    if (order !== 0) return order;
  }
  return runsA.length - runsB.length || compareText(a, b);
}

function compareRuns(a: string, b: string): number {
  if (!/^\d/.test(a) || !/^\d/.test(b)) return compareText(a, b);
  const plainA = a.replace(/^0+(?=\d)/, '');
  const plainB = b.replace(/^0+(?=\d)/, '');
  return plainA.length - plainB.length || compareText(plainA, plainB);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
