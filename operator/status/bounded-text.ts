/** Longest message of a condition, of the whole status, and of an inspection, in bytes of JSON: the status as a whole stays below 32 KiB. */
export const LONGEST_MESSAGE_BYTES = 1000;
/** Longest cause within a message, so that what comes after it (the next try) is not cut off. */
export const LONGEST_CAUSE_BYTES = 600;
/** There are ten rejections. */
export const LONGEST_REJECTION_BYTES = 600;

const CUT = '…';
const encoder = new TextEncoder();

/** UTF-8 bytes of a text inside JSON, without the quotes. */
function sizeBytes(text: string): number {
  return encoder.encode(JSON.stringify(text)).length - 2;
}

/**
 * A text of at most `maxBytes` bytes of JSON (UTF-8), cut between two characters, never inside one: half a character would come back
 * from the API server as another one, and the status would seem changed for ever.
 */
export function boundedText(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  if (sizeBytes(whole) <= maxBytes) return whole;
  let left = maxBytes - sizeBytes(CUT);
  let kept = '';
  for (const character of whole) {
    left -= sizeBytes(character);
    if (left < 0) break;
    kept += character;
  }
  return `${kept}${CUT}`;
}
