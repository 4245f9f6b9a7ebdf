const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NAN = 'NaN';

/**
 * The text with `null` for each NaN outside of strings. Python's json and rapidjson write NaN for a missing float, which is no JSON;
 * tritonclient does so with `binary_data=False`. One pass: what a stranger sends must not make this slow.
 */
export function nanAsNull(text: string): string {
  let repaired = '';
  let copied = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString && code === BACKSLASH) at += 1;
    else if (code === QUOTE) inString = !inString;
    else if (!inString && text.startsWith(NAN, at)) {
      repaired += `${text.slice(copied, at)}null`;
      copied = at + NAN.length;
      at += NAN.length - 1;
    }
  }
  return copied === 0 ? text : repaired + text.slice(copied);
}
