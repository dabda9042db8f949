import type { OperationInput } from './operation.ts';

/** The command line of a verb for this pair of namespaces. Pure. */
export const commandFor = (
  verb: string,
  input: Pick<OperationInput, 'source' | 'sourceName' | 'dest'>,
): string => {
  const source =
    input.source === undefined
      ? input.sourceName
      : { context: input.source.cluster.context, namespace: input.source.namespace };
  const { cluster, namespace } = input.dest;
  const sameName = source === undefined || source.namespace === namespace;
  const names = sameName
    ? `-n ${namespace}`
    : `--source-namespace ${source.namespace} --dest-namespace ${namespace}`;
  return [
    'dr-syncer',
    verb,
    source === undefined ? '' : `--source-context ${source.context}`,
    `--dest-context ${cluster.context}`,
    names,
  ]
    .filter((part) => part !== '')
    .join(' ');
};
