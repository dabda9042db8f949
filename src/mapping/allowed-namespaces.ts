import type { RemoteClusterSpec } from './remote-cluster.ts';

/** Whether mappings may use a namespace of a cluster: no list allows all, and `*` stands for any characters. Pure. */
export const allowsNamespace = (
  { allowedNamespaces }: Pick<RemoteClusterSpec, 'allowedNamespaces'>,
  namespace: string,
): boolean =>
  allowedNamespaces.length === 0 ||
  allowedNamespaces.some((pattern) => matches(pattern.split('*'), namespace));

// By hand, as a regular expression of many stars takes very long for a text that does not match.
const matches = ([first = '', ...rest]: readonly string[], name: string): boolean => {
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
};
