import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { SideRole } from '../common/side-role.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { objectsAt, stringAt } from '../kube/raw-json.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext } from './need-types.ts';

/**
 * Which admission webhooks and aggregated APIs are served by Services of the namespace. The source's are not copied:
 * while the copy is parked, no pod would answer, and that stops writes or discovery in the whole cluster. Webhooks
 * of the destination that lead to the parked copy are a warning for that reason.
 */
export const checkHooks: Check = async (context) => {
  const found = await Promise.all([
    ...hookLists(context, 'source').map(async (list) =>
      (await list).map((hook) => notCopiedFinding(context, hook)),
    ),
    ...hookLists(context, 'dest').map(async (list) =>
      (await list).filter(({ blocks }) => blocks).map((hook) => parkedHookFinding(context, hook)),
    ),
  ]);
  return found.flat();
};

/** A cluster-scoped object that has the API server call Services of a namespace. */
export interface Hook {
  readonly object: KubeObject;
  /** As typeName() names it. */
  readonly type: string;
  readonly services: readonly string[];
  /** Whether requests fail while no pod of the Service answers. */
  readonly blocks: boolean;
}

const TYPES = {
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': 'MutatingWebhookConfigurations',
  'validatingwebhookconfigurations.admissionregistration.k8s.io': 'ValidatingWebhookConfigurations',
  'apiservices.apiregistration.k8s.io': 'APIServices',
} as const;

/** The hooks among objects of one type that lead to Services of a namespace. Pure. */
export const hooksTo = (objects: readonly KubeObject[], type: string, namespace: string): Hook[] =>
  objects.flatMap((object) => {
    const calls = [
      { service: ['spec', 'service'], entry: object, blocks: true },
      ...objectsAt(object, 'webhooks').map((entry) => ({
        service: ['clientConfig', 'service'],
        entry,
        blocks: stringAt(entry, 'failurePolicy') !== 'Ignore',
      })),
    ].filter(({ entry, service }) => stringAt(entry, ...service, 'namespace') === namespace);
    if (calls.length === 0) return [];
    const services = calls.map(({ entry, service }) => stringAt(entry, ...service, 'name') ?? '');
    return [{ object, type, services: [...new Set(services)], blocks: calls.some(({ blocks }) => blocks) }];
  });

/** The finding about a hook of the source. Pure. */
export const notCopiedFinding = (
  { source, sourceNamespace }: Pick<CheckContext, 'sourceNamespace'> & { source: NamedCluster },
  hook: Hook,
): Finding => {
  const isApi = hook.object.kind === 'APIService';
  return {
    level: 'info',
    id: isApi ? 'api-service-not-copied' : 'webhook-not-copied',
    subject: nameOf(hook),
    message:
      `${nameOf(hook)} of context ${source.context} calls ${servicesOf(hook)} in namespace ${sourceNamespace}. It ` +
      `is not copied: no pod answers while the copy is parked, so ${
        isApi ? 'API discovery would be disturbed' : 'writes would fail'
      } in the whole destination cluster. If the copy needs it, create it once the copy runs. Inspect it with: ` +
      kubectl(source, 'get', `${hook.type}/${hook.object.metadata.name}`, '-o', 'yaml'),
  };
};

/** The finding about a hook that the destination has already. Pure. */
export const parkedHookFinding = (
  { dest, destNamespace }: Pick<CheckContext, 'destNamespace'> & { dest: NamedCluster },
  hook: Hook,
): Finding => ({
  level: 'warn',
  id: 'hook-to-parked-service',
  subject: nameOf(hook),
  message:
    `${nameOf(hook)} of context ${dest.context} calls ${servicesOf(hook)} in namespace ${destNamespace}, where ` +
    `nothing answers while the copy is parked: requests that it covers fail in the whole cluster. Inspect it ` +
    `with: ${kubectl(dest, 'get', `${hook.type}/${hook.object.metadata.name}`, '-o', 'yaml')}`,
});

// Without a Service in the namespace nothing can lead to one, and no list is needed.
const hookLists = (context: CheckContext, side: SideRole): Promise<Hook[]>[] => {
  const [objects, namespace] =
    side === 'source'
      ? [context.sourceObjects, context.sourceNamespace]
      : [[...context.desired, ...context.destObjects], context.destNamespace];
  if (!objects.some((object) => groupKind(object) === 'Service')) return [];
  return Object.entries(TYPES).map(async ([type, kinds]) => {
    const question = `whether ${kinds} call Services of namespace ${namespace}`;
    const listed = await context.lister.list(side, type, question);
    return listed.state === 'listed' ? hooksTo(listed.objects, type, namespace) : [];
  });
};

const nameOf = ({ object }: Hook): string => `${object.kind} ${object.metadata.name}`;

const servicesOf = ({ services }: Hook): string => `Service ${nameList(services)}`;
