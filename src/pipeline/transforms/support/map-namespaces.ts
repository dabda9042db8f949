import type { TransformContext } from '../../pipeline-types.ts';

/** The destination's name of a namespace; a namespace that is not part of the run keeps its name. */
export const mapNamespace = (namespace: string, context: TransformContext): string =>
  namespace === context.sourceNamespace
    ? context.destNamespace
    : (context.namespaceMap.get(namespace) ?? namespace);

/** The namespaces whose name changes on the way, this run's first: source name -> destination name. */
export const renamedNamespaces = (context: TransformContext): ReadonlyMap<string, string> => {
  const pairs = [[context.sourceNamespace, context.destNamespace] as const, ...context.namespaceMap];
  return new Map(
    pairs
      .map(([source]) => [source, mapNamespace(source, context)] as const)
      .filter(([source, dest]) => source !== dest),
  );
};
