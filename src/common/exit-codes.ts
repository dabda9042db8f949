/**
 * The exit-code table: every run of dr-syncer ends in exactly one row. Scripts rely on these numbers, so a row
 * is never renumbered. Code 1 is left unused: Node itself exits 1 on a crash, and a crash must not look like an
 * answer.
 */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done; nothing failed' },
  usage: { code: 2, meaning: 'usage or configuration error; nothing was changed' },
  refused: { code: 3, meaning: 'refused (preflight, dry run, missing rights or types); nothing was changed' },
  partial: {
    code: 4,
    meaning: 'incomplete: something was changed; run the same command again, or `resume`',
  },
  rolledBack: { code: 5, meaning: 'the operation failed and was rolled back (`--rollback-on-failure`)' },
  locked: { code: 6, meaning: 'another operator holds the lock' },
  unsafe: { code: 7, meaning: 'unsafe without an explicit acknowledgement; nothing was changed' },
  drift: { code: 8, meaning: 'drift: the two sides or their epochs disagree' },
  internal: { code: 70, meaning: 'internal error in dr-syncer; please report it' },
  interrupted: { code: 130, meaning: 'interrupted; stopped at a safe point' },
} as const;

export type ExitName = keyof typeof EXIT_CODES;

/** Returns the process exit code (0..130) of a row of the table. */
export const exitCode = (name: ExitName): number => EXIT_CODES[name].code;
