import { type ClusterOptions, openReader } from '../kube/cluster.ts';
import { openContext } from '../kube/contexts.ts';
import { type FoundMapping, findMapping } from '../mapping/find-mapping.ts';
import type { Io } from '../ui/io.ts';
import { clusterPair, type OwnedPair, placedPair } from '../verbs/cluster-pair.ts';
import { mappingWords } from './mapping-flags.ts';
import type { CommonFlags, SideFlags } from './options.ts';

/** The pair of a command, and the mapping that names it, if one does. */
export interface PairOfFlags {
  readonly pair: OwnedPair;
  readonly mapping: FoundMapping | undefined;
}

/**
 * Makes the pair that flags or a mapping name; only for a mapping something is asked for. Throws as findMapping does, and
 * UsageError for a context that is not there.
 */
export const openPair = async (
  { env }: Io,
  flags: CommonFlags & SideFlags,
  options: ClusterOptions,
  signal: AbortSignal,
): Promise<PairOfFlags> => {
  if (flags.mapping === undefined)
    return { pair: clusterPair({ ...flags, env }, options), mapping: undefined };
  const context = openContext(
    { path: flags.mappingKubeconfig, env },
    flags.mappingContext,
    '--mapping-context',
  );
  const management = openReader(context, options);
  try {
    const mapping = await findMapping({
      ...flags.mapping,
      management,
      context,
      policy: {
        allowExec: flags.allowKubeconfigExec === true,
        allowInsecureTls: flags.allowInsecureTls === true,
        allowLoopback: flags.allowLoopbackServers === true,
      },
      allowCrossNamespaceRefs: flags.allowCrossNamespaceRefs === true,
      env,
      flags: mappingWords(flags, context.kubeconfig),
      requestTimeoutMs: flags.given?.has('requestTimeout') ? flags.requestTimeout : undefined,
      signal,
    });
    return { pair: placedPair(mapping.sides, options), mapping };
  } finally {
    await management.close();
  }
};
