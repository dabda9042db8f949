import { createHash } from 'node:crypto';

/** The mover takes at most 24 characters; its Helm release names then just fit into Helm's 53. */
const SLUG_LENGTH = 8;
const HASH_LENGTH = 11;

/**
 * The id of one attempt at one claim in one operation: always the same for the same three values, so that a later
 * run finds what this one left. At most 24 characters of `^[a-z0-9]+(-[a-z0-9]+)*$`, which is what the mover
 * accepts. `claim` is `namespace/name`, so that several namespaces of one operation do not meet.
 */
export const moverId = (operationId: string, claim: string, attempt: number): string => {
  const digest = createHash('sha256')
    .update(JSON.stringify([operationId, claim, attempt]))
    .digest('hex');
  const slug = claim
    .slice(claim.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')
    .slice(0, SLUG_LENGTH);
  return `dr-${slug === '' ? 'claim' : slug}-${digest.slice(0, HASH_LENGTH)}`;
};
