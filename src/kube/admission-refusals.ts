/**
 * What a refusal is about, as far as it matters to us. API servers say it in words alone, and the words may stand
 * anywhere in what they say; so they are looked for before anything that an object holds is hidden in it.
 */
export type Refusal = keyof typeof WORDS;

/** What a server's answer is about; `text` is all that it said. Pure. */
export const refusalsIn = (text: string): Refusal[] =>
  (Object.keys(WORDS) as Refusal[]).filter((refusal) => WORDS[refusal].test(text));

const WORDS = {
  /** A field that cannot change after creation. */
  immutable:
    /immutable|may not change once set|updates to [a-z]+ spec for fields other than|cannot change roleRef|may not be (?:changed|unset)|cannot be changed|is forbidden.*(?:after creation|once)|primary clusterIP can not be unset|failed rule: .*oldSelf/i,
  /** A node port that another Service of the cluster has. */
  portTaken: /port is already allocated/i,
  /** An admission webhook that cannot be asked in a dry run: no answer. */
  noDryRun: /does not support dry ?run/i,
  /** What server-side apply can never take. */
  duplicateKeys: /duplicate entries for key/i,
  unknownField: /field not declared in schema/i,
  untypable: /failed to create typed patch object/i,
  /** The authorizer says it, and no admission plugin. */
  rights: /cannot (?:patch|create|update|get|list|delete) resource/,
  /** A Role or a binding that grants more than we have ourselves. */
  grants: /attempting to grant RBAC permissions/,
  quota: /exceeded quota/,
  /** A LimitRange of the namespace. */
  limits: /limits? .*LimitRange|maximum .* usage/i,
  /** What a pod asks for, or does not: quotas and LimitRanges alike. */
  resources: /quota|must specify|limit/i,
  podSecurity: /PodSecurity/,
} as const satisfies Readonly<Record<string, RegExp>>;
