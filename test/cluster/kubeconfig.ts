import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Endpoint } from './api.ts';

/** A context with the endpoint it stands for; cluster and user entries get the context's name. */
export interface ContextEntry extends Endpoint {
  readonly context: string;
}

/** Writes a kubeconfig with these contexts. It names no current context, so that nothing works by accident. */
export function writeKubeconfig(file: string, entries: readonly ContextEntry[]): void {
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: entries.map(({ context, server, ca }) => ({
      name: context,
      cluster: { server, 'certificate-authority-data': base64(ca) },
    })),
    users: entries.map(({ context, cert, key }) => ({
      name: context,
      user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) },
    })),
    contexts: entries.map(({ context }) => ({ name: context, context: { cluster: context, user: context } })),
    'current-context': entries.length === 1 ? entries[0]?.context : '',
  });
  writeFileSync(file, text, { mode: 0o600 });
}

/**
 * Reads the endpoint behind a context of a kubeconfig file.
 * Throws an Error when the context is absent or its user needs more than a certificate or a token.
 */
export function readEndpoint(file: string, context: string): Endpoint {
  const config = parse(readFileSync(file, 'utf8')) as Kubeconfig;
  const named = <T>(list: readonly ({ name: string } & T)[] | undefined, name: string | undefined): T => {
    const found = list?.find((entry) => entry.name === name);
    if (!found) {
      throw new Error(`${file} has no entry "${name}", which context "${context}" needs.`);
    }
    return found;
  };
  const link = named(config.contexts, context).context;
  const { cluster } = named(config.clusters, link.cluster);
  const { user } = named(config.users, link.user);
  const pem = (entry: Record<string, string>, key: string): string | undefined => {
    const data = entry[`${key}-data`];
    const path = entry[key];
    return data
      ? Buffer.from(data, 'base64').toString()
      : path && readFileSync(resolve(dirname(file), path), 'utf8');
  };
  const endpoint = {
    server: cluster['server'] ?? '',
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    token: user['token'],
  };
  if (!endpoint.cert && !endpoint.token) {
    throw new Error(`The tests need a client certificate or a token in context "${context}" of ${file}.`);
  }
  return Object.fromEntries(Object.entries(endpoint).filter(([, value]) => value)) as unknown as Endpoint;
}

interface Kubeconfig {
  clusters?: { name: string; cluster: Record<string, string> }[];
  users?: { name: string; user: Record<string, string> }[];
  contexts?: { name: string; context: { cluster: string; user: string } }[];
}

function base64(text = ''): string {
  return Buffer.from(text).toString('base64');
}
