import { KubeConfig } from '@kubernetes/client-node';
import { entryNamed, oneContext, type RawKubeconfig } from './kubeconfig.ts';
import { proxyFor } from './proxy-env.ts';
import { objectAt } from './raw-json.ts';
import { tokenOf, withExecInfo } from './request-credentials.ts';

/**
 * A context of a kubeconfig as connections are made of it. Entries of other contexts may be as they like; only what this
 * one names counts. Reads its token file. Throws UsageError.
 */
export const configOf = (
  raw: RawKubeconfig,
  contextName: string,
  env: Readonly<Record<string, string | undefined>>,
): KubeConfig => {
  const config = new KubeConfig();
  config.loadFromString(oneContext(raw, contextName));
  config.clusters = config.clusters.map((cluster) => {
    // What the kubeconfig says of a proxy counts more than the environment.
    const proxyUrl = cluster.proxyUrl || proxyFor(cluster.server, env);
    return { ...cluster, ...(proxyUrl === undefined ? {} : { proxyUrl }) };
  });
  config.users = config.users.map((user) => {
    const given = objectAt(entryNamed(raw.users, user.name), 'user');
    const cluster = config.getCurrentCluster();
    const token = tokenOf(given);
    return {
      ...user,
      ...(token === undefined ? {} : { token }),
      ...(user.exec ? { exec: withExecInfo(user.exec, cluster) } : {}),
    };
  });
  return config;
};
