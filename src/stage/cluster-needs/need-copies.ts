import { MANAGED, PREFIX, SOURCE_CLUSTER, SOURCE_NAMESPACE } from '../../common/annotations.ts';
import { clauseList } from '../../common/sentences.ts';
import type { JsonObject, KubeObject } from '../../kube/api-types.ts';
import { objectName } from '../../kube/object-names.ts';
import { clone, objectAt, stringAt } from '../../kube/raw-json.ts';
import { extraRights, extraUrls } from '../../needs/role-rules.ts';
import type { Note } from '../../pipeline/pipeline-types.ts';
import { portableMarks } from '../../pipeline/plan-namespace.ts';
import type { ClusterCopy, CopyNames, MadeCopy } from './bring-types.ts';

/**
 * The copy of a ClusterRole: its rules as they are now. What an aggregated role collects from others is frozen, so that it
 * gives the same at the destination whatever roles are there. None of its labels goes along, since by labels other roles
 * (`admin`, `edit`, `view` among them) collect its rules. Pure.
 */
export const copyClusterRole = (role: KubeObject, names: CopyNames): MadeCopy => {
  const { aggregationRule, ...rest } = clone(role);
  const gives = [...extraRights(role, NOTHING), ...extraUrls(role, NOTHING)];
  const notes = [
    info(
      gives.length === 0
        ? 'It grants no permissions.'
        : `It grants these permissions: ${clauseList(gives, 8)}.`,
    ),
    ...(aggregationRule === undefined
      ? []
      : [
          info(
            'At the source it aggregates its rules from other roles; the copy has the rules as they are now.',
          ),
        ]),
  ];
  return { body: { ...rest, metadata: bareMetadata(role, names) }, notes };
};

const NOTHING: KubeObject = { apiVersion: '', kind: '', metadata: { name: '' } };

/**
 * The copy of a PriorityClass. It never becomes the default of the destination, which would change pods of everybody.
 * Pure.
 */
export const copyPriorityClass = (source: KubeObject, names: CopyNames): MadeCopy => {
  const { globalDefault, ...rest } = clone(source);
  const value = String(source['value'] ?? 0);
  return {
    body: { ...rest, metadata: markedMetadata(source, names) },
    notes: [
      info(
        `Its priority is ${value}${globalDefault === true ? ', and unlike at the source it is not the default' : ''}; pods with a lower priority may be evicted for its pods, however important they are in this cluster.`,
      ),
    ],
  };
};

/** The copy of a RuntimeClass. Pure. */
export const copyRuntimeClass = (source: KubeObject, names: CopyNames): MadeCopy => ({
  body: { ...clone(source), metadata: markedMetadata(source, names) },
  notes: [
    {
      level: 'warn',
      path: 'handler',
      message: `Its pods start only on nodes whose container runtime has a handler "${stringAt(source, 'handler') ?? ''}"; dr-syncer cannot check whether the nodes of the destination have it.`,
    },
  ],
});

/**
 * The copy of an IngressClass. One with parameters is left: they name an object that is not brought, and a controller that
 * does not find it may open to the world what was internal. It never becomes the default of the destination. Pure.
 */
export const copyIngressClass = (source: KubeObject, names: CopyNames): ClusterCopy => {
  if (objectAt(source, 'spec', 'parameters') !== undefined)
    return {
      left: `its parameters reference ${stringAt(source, 'spec', 'parameters', 'kind') ?? 'an object'} ${stringAt(source, 'spec', 'parameters', 'name') ?? ''}, which is not copied`,
    };
  const metadata = markedMetadata(source, names);
  const { [DEFAULT_CLASS]: isDefault, ...annotations } = metadata.annotations ?? {};
  return {
    body: { ...clone(source), metadata: { ...metadata, annotations } },
    notes: [
      {
        level: 'warn',
        path: 'spec.controller',
        message: `Only the class is created, not its controller (${stringAt(source, 'spec', 'controller') ?? 'none'}): without it at the destination nothing serves the Ingresses${isDefault === 'true' ? '. Unlike at the source, it is not the default' : ''}.`,
      },
    ],
  };
};

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

/** The metadata of a copy: name, the labels and annotations that mean the same elsewhere, and our marks. Pure. */
export const markedMetadata = ({ metadata }: KubeObject, names: CopyNames): KubeObject['metadata'] => ({
  name: metadata.name,
  labels: { ...withoutLocal(metadata.labels), [MANAGED]: 'true' },
  annotations: { ...withoutLocal(metadata.annotations), ...marksOf(names) },
});

/**
 * The metadata of a copy that gives rights: of its labels only the one by which Helm knows what it may take over, and
 * our mark. Pure.
 */
export const bareMetadata = (source: KubeObject, names: CopyNames): KubeObject['metadata'] => {
  const metadata = markedMetadata(source, names);
  const helm = source.metadata.labels?.[HELM];
  return {
    ...metadata,
    labels: { ...(helm === undefined ? {} : { [HELM]: helm }), [MANAGED]: 'true' },
  };
};

const HELM = 'app.kubernetes.io/managed-by';

const marksOf = ({ sourceContext, sourceNamespace }: CopyNames): { [key: string]: string } => ({
  [SOURCE_CLUSTER]: sourceContext,
  [SOURCE_NAMESPACE]: sourceNamespace,
});

// By these marks a tool of the destination would delete or rewrite what it did not make: GitOps tools and OLM know their
// objects by them, and cert-manager puts its own CA into what names it.
const FOREIGN =
  /^(argocd\.argoproj\.io\/|(kustomize|helm)\.toolkit\.fluxcd\.io\/|operators\.coreos\.com\/|olm\.|cert-manager\.io\/)/;

const withoutLocal = (marks: { [key: string]: string } | undefined): { [key: string]: string } =>
  Object.fromEntries(
    Object.entries(portableMarks(marks)).filter(([key]) => !FOREIGN.test(key) && !key.startsWith(PREFIX)),
  );

const info = (message: string): Note => ({ level: 'info', path: '', message });

/** Why an object of the source's cluster is never brought, as a clause; undefined when it may be. Pure. */
export const whyNeverBrought = (source: KubeObject): string | undefined => {
  const { metadata } = source;
  if (metadata.deletionTimestamp !== undefined) return 'it is being deleted at the source';
  if ([metadata.labels, metadata.annotations].some((marks: JsonObject | undefined) => isIgnored(marks)))
    return `it is marked ${PREFIX}ignore`;
  return isOfKubernetes(source) ? 'it belongs to Kubernetes itself' : undefined;
};

const isIgnored = (marks: JsonObject | undefined): boolean => marks?.[`${PREFIX}ignore`] === 'true';

/** Whether an object is one of those that every API server makes, or has a name that is kept for them. Pure. */
export const isOfKubernetes = (source: KubeObject): boolean =>
  source.metadata.labels?.['kubernetes.io/bootstrapping'] === 'rbac-defaults' ||
  source.metadata.name.startsWith('system:') ||
  (source.kind === 'PriorityClass' && source.metadata.name.startsWith('system-'));

/** The finding about an object that the copy needs and that is not brought. Pure. */
export const leftFinding = (source: KubeObject, sourceContext: string, why: string) => ({
  level: 'warn' as const,
  id: 'cluster-need-left',
  subject: objectName(source),
  message: `${objectName(source)} of context ${sourceContext} is not copied: ${why}.`,
});
