import type { Transform } from '../pipeline-types.ts';

/**
 * Empties a hand-made token Secret, so that the destination's token controller fills it with a token of its own; a
 * token of the source cluster is of no use there. The annotation that names the ServiceAccount stays.
 */
export const tokenSecret: Transform = {
  name: 'token-secret',
  rules: ['T62'],
  kinds: ['Secret'],
  apply(draft, { note }) {
    if (draft['type'] !== 'kubernetes.io/service-account-token') return;
    delete draft['data'];
    delete draft['stringData'];
    note({
      level: 'warn',
      path: 'data',
      message: 'The destination issues a new token. Update external clients that use the old one.',
    });
  },
};
