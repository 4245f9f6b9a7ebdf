import { ERROR_CATALOGUE } from '../error-catalogue.ts';

/** Markdown page of the error catalogue. */
export function errorReference(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(([code, entry]) => `| \`${code}\` | ${entry.status} | ${entry.retryable ? 'yes' : 'no'} | ${entry.action.replaceAll('<', '&lt;').replaceAll('|', '\\|')} |`);
  return [
    '# Errors',
    '',
    'Generated from `contracts/error-catalogue.ts` by `npm run generate`.',
    '',
    'Every error has one of these codes: in HTTP answers (`{"error":{"code","message","details"}}`), in reports, in status and events, in logs and in metrics.',
    '',
    '| code | HTTP status | trying again can help | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
