import { Buffer } from 'node:buffer';

// ignoreBOM keeps a byte order mark in the text, so that it survives decoding and encoding.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text in a value of a Secret's data (base64), or undefined when it is something other than UTF-8 text. */
export const decodeText = (base64: string): string | undefined => {
  try {
    const text = decoder.decode(Buffer.from(base64, 'base64'));
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
};

/** The base64 form of a text, as a Secret's data has it. */
export const encodeText = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
