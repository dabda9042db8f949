// The letters and digits of Kubernetes' random suffixes: no vowels (no words come out), no 0, 1 and 3.
const SUFFIX = '[bcdfghjklmnpqrstvwxz2456789]{5}';

// Kubernetes cuts the prefix of a generated name, so that prefix and suffix fit into 63 characters.
const MOST_PREFIX = 58;

/** Whether a name is one that Kubernetes generates from a prefix: the prefix and five random characters. */
export const isGeneratedName = (name: string, prefix: string): boolean => {
  const start = prefix.slice(0, MOST_PREFIX);
  return name.startsWith(start) && WHOLE_SUFFIX.test(name.slice(start.length));
};

/**
 * Whether a Secret has the name that a cluster generates for the credentials of a ServiceAccount: `<account>-token-x2x4z`
 * of the token controller, `<account>-dockercfg-x2x4z` of OpenShift.
 */
export const isGeneratedFor = (
  account: string,
  secret: string,
  kinds: readonly ('token' | 'dockercfg')[],
): boolean => kinds.some((kind) => isGeneratedName(secret, `${account}-${kind}-`));

/** Whether a name ends as Kubernetes ends generated names. */
export const hasGeneratedSuffix = (name: string): boolean => SUFFIX_AT_END.test(name);

const WHOLE_SUFFIX = new RegExp(`^${SUFFIX}$`);
const SUFFIX_AT_END = new RegExp(`-${SUFFIX}$`);
