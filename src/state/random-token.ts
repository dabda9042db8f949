import { randomUUID } from 'node:crypto';

/** Names every write of one opened record, so that a writer knows its own writes again after a lost answer. */
export interface Tokens {
  /** A token that was never used. */
  next(): string;
  /** Whether a token was made here. */
  isOwn(token: string): boolean;
}

/** Tokens of a new session. */
export const createTokens = (session: string = randomUUID()): Tokens => {
  let used = 0;
  return {
    next: () => {
      used += 1;
      return `${session}.${used}`;
    },
    isOwn: (token) => token.startsWith(`${session}.`),
  };
};
