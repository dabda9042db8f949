import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contextOf, type Json, pair, type Side } from '../cluster/client.ts';
import { AUDIT_LOG } from '../cluster/control-plane.ts';

/** What somebody asked an API server for, as RBAC sees it. */
export interface Asked {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `pods/log`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: number;
}

/** Whether this run's clusters write audit logs that can be read here: those that somebody else runs do not. */
export const isAudited = (): boolean => pair().isLocal && filesOf('source').length > 0;

/** Everything that a user has asked one side for and that the server has answered so far. */
export const askedBy = (side: Side, user: string): Asked[] =>
  filesOf(side).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(user) && line.endsWith('}'))
      .map((line): Json => JSON.parse(line))
      .filter((event: Json) => event.user?.username === user && event.objectRef !== undefined)
      .map(({ verb, objectRef, responseStatus }: Json) => ({
        verb,
        group: objectRef.apiGroup ?? '',
        resource: [objectRef.resource, objectRef.subresource].filter(Boolean).join('/'),
        namespace: objectRef.namespace ?? '',
        name: objectRef.name ?? '',
        status: responseStatus?.code ?? 0,
      })),
  );

const filesOf = (side: Side): string[] => {
  const root = dirname(pair().kubeconfig);
  return readdirSync(root)
    .filter((name) => name.startsWith(`${contextOf(side)}-`))
    .map((name) => join(root, name, AUDIT_LOG))
    .filter((file) => existsSync(file));
};
