import type { DrError } from '../common/errors.ts';
import { exitCode } from '../common/exit-codes.ts';

/** An error as a document, for `--output json` and the like. */
export const errorDocument = (error: DrError) => ({
  schema: 'dr-syncer.io/error/v1',
  outcome: error.exit,
  exitCode: exitCode(error.exit),
  error: {
    type: error.type,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  },
});
