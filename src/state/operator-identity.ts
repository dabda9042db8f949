import { timestamp } from './time-text.ts';

/**
 * Who runs the operation, as `user@host`: the holder of the lock and the author of every record. `env` is the
 * process environment, `hostname` and `user` what the operating system says; a run under sudo counts as the person
 * who called sudo. Never throws: what is not known is called `unknown`.
 */
export const operator = (from: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly user: string | undefined;
}): string => {
  const { env, user } = from;
  const caller = user === 'root' ? word(env.SUDO_USER) : undefined;
  const name = caller ?? word(user) ?? word(env.USER) ?? word(env.LOGNAME) ?? word(env.USERNAME) ?? 'unknown';
  return `${name}@${word(from.hostname) ?? 'unknown'}`;
};

/** The host part of `user@host`. */
export const hostOf = (who: string): string => who.slice(who.lastIndexOf('@') + 1);

/**
 * A new operation id: the verb, the server's time and four random hex digits, `cutover-20260131-142530-9f3a`.
 * `random` returns a number in [0, 1). The id is part of object names, so it is a DNS label.
 */
export const newOperationId = (kind: string, nowMs: number, random: () => number): string => {
  const [date = '', time = ''] = timestamp(nowMs).slice(0, 19).split('T');
  const tail = Math.floor(random() * 0x10000)
    .toString(16)
    .padStart(4, '0');
  return `${kind}-${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${tail}`;
};

/** Whether a text can be an operation id: a DNS label of at most 40 characters. */
export const isOperationId = (id: string): boolean =>
  id.length <= 40 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(id);

// Spaces and control characters would break the line in which the holder is shown.
const word = (text: string | undefined): string | undefined => {
  const clean = [...(text ?? '')].filter((sign) => sign > ' ' && sign !== '\x7f').join('');
  return clean === '' ? undefined : clean.slice(0, 100);
};
