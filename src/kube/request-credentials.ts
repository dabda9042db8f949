import { readFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { errorText, UsageError } from '../common/errors.ts';
import type { JsonObject } from './api-types.ts';
import { objectAt, stringAt, stringsAt } from './raw-json.ts';

type Cluster = NonNullable<ReturnType<KubeConfig['getCurrentCluster']>>;
type Exec = NonNullable<KubeConfig['users'][number]['exec']>;

/** The bearer token of a kubeconfig user; a token file counts more than a token. Throws UsageError. */
export const tokenOf = (user: JsonObject | undefined): string | undefined => {
  const file = stringAt(user, 'tokenFile');
  if (file === undefined) return stringAt(user, 'token');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`The token file of the kubeconfig cannot be read: ${errorText(error)}.`);
  }
};

/** The headers for a user of a kubeconfig who acts as somebody else; the name itself is not among them. Pure. */
export const impersonation = (user: JsonObject | undefined): Record<string, string | string[]> => {
  const groups = stringsAt(user, 'as-groups');
  const uid = stringAt(user, 'as-uid');
  const extra = objectAt(user, 'as-user-extra') ?? {};
  return {
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups }),
    ...(uid === undefined ? {} : { 'impersonate-uid': uid }),
    ...Object.fromEntries(
      Object.keys(extra).map((key) => [
        `impersonate-extra-${encodeURIComponent(key).toLowerCase()}`,
        stringsAt(extra, key),
      ]),
    ),
  };
};

/**
 * A credential plugin as kubectl runs it: told about itself, and about the cluster when it asks for that, in
 * KUBERNETES_EXEC_INFO. Several plugins of cloud providers refuse to run without that variable. Pure.
 */
export const withExecInfo = (exec: Exec, cluster: Cluster | null): Exec => {
  const info = {
    apiVersion: exec.apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo === true && cluster !== null ? { cluster: clusterInfo(cluster) } : {}),
    },
  };
  const own = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) };
  return { ...exec, env: [...(exec.env ?? []), own] };
};

/**
 * Why the credentials of a kubeconfig user could not be had, as a clause. A plugin that is not there is named, with what
 * the kubeconfig says about installing it; its output never is. Pure.
 */
export const credentialProblem = (error: unknown, exec: Exec | undefined): string => {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (exec === undefined || typeof syscall !== 'string' || !syscall.startsWith('spawn'))
    return `the kubeconfig's credentials could not be used: ${errorLine(error)}`;
  const plugin = `the credential plugin "${exec.command}" of the kubeconfig's user`;
  if (code !== 'ENOENT') return `${plugin} cannot be run (${String(code)})`;
  const advice = typeof exec.installHint === 'string' ? exec.installHint.trim().replace(/\.$/, '') : '';
  return `${plugin} is not installed, or not on PATH${advice === '' ? '' : ` (${advice.split('\n')[0]})`}`;
};

const clusterInfo = ({
  server,
  tlsServerName,
  skipTLSVerify,
  caData,
  caFile,
  proxyUrl,
}: Cluster): JsonObject => {
  const ca = caData ?? (caFile ? readFileSync(caFile).toString('base64') : undefined);
  return {
    server,
    ...(tlsServerName ? { 'tls-server-name': tlsServerName } : {}),
    ...(skipTLSVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === undefined ? {} : { 'certificate-authority-data': ca }),
    ...(proxyUrl ? { 'proxy-url': proxyUrl } : {}),
  };
};

const errorLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n').slice(-1)[0]?.slice(0, 300) ??
  '';
