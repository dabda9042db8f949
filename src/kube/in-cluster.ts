import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { UsageError } from '../common/errors.ts';
import { configOf } from './connect-config.ts';
import type { KubeContext } from './contexts.ts';
import { oneContext, type RawKubeconfig } from './kubeconfig.ts';

const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The cluster that this process runs in, by the ServiceAccount of its pod, under a name of the caller's choice. The token
 * is read anew as it rotates; what is exported names its file, and so is for this machine alone. Throws UsageError
 * outside a cluster.
 */
export const inClusterContext = (
  alias: string,
  env: Readonly<Record<string, string | undefined>>,
  folder = ACCOUNT_FOLDER,
): KubeContext => {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env;
  if (host === '' || port === '')
    throw outside('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
  const tokenFile = join(folder, 'token');
  if (readText(tokenFile) === undefined) throw outside(`${tokenFile} cannot be read`);
  const ca = join(folder, 'ca.crt');
  if (readText(ca) === undefined) throw outside(`${ca} cannot be read`);
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (!URL.canParse(server))
    throw outside('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not a host and a port');
  const namespace = readText(join(folder, 'namespace'));
  const raw: RawKubeconfig = {
    clusters: [{ name: alias, cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: alias, user: { tokenFile } }],
    contexts: [
      {
        name: alias,
        context: { cluster: alias, user: alias, ...(namespace === undefined ? {} : { namespace }) },
      },
    ],
    currentContext: alias,
  };
  return {
    name: alias,
    server,
    namespace,
    files: [],
    kubeconfig: undefined,
    hasTokenFile: true,
    headers: {},
    load: () => configOf(raw, alias, env),
    export: () => oneContext(raw, alias),
  };
};

const outside = (why: string): UsageError =>
  new UsageError(`There is no cluster around this process: ${why}.`, {
    hint: 'Run it in a pod that has a ServiceAccount and automountServiceAccountToken, or name a kubeconfig.',
  });

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
};
