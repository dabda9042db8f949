import type { Transform } from '../pipeline-types.ts';

/** Says that a SealedSecret cannot be opened elsewhere. */
export const sealedSecret: Transform = {
  name: 'sealed-secret',
  rules: ['T71'],
  kinds: ['SealedSecret.bitnami.com'],
  apply(_draft, { context, note }) {
    const renamed = context.sourceNamespace !== context.destNamespace;
    note({
      level: 'warn',
      path: 'spec.encryptedData',
      message:
        "The SealedSecret can be opened only with the source controller's key" +
        (renamed ? ' and, unless it is sealed cluster-wide, in the source namespace. ' : '. ') +
        'The Secret that it produced is copied as a Secret of its own.',
    });
  },
};
