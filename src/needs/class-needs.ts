import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { stringAt } from '../kube/raw-json.ts';
import { CLASS_KINDS, type ClassKind, INGRESS_CLASS } from './class-kinds.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext, Listed } from './need-types.ts';
import { usersByName } from './users-by-name.ts';

/**
 * Whether the classes, issuers and stores that copied objects name exist at the destination. What pods cannot be
 * created without is a refusal when the copy is about to run (`strict`), otherwise everything is a warning.
 */
export const checkClasses: Check = async (context) => {
  const found = await Promise.all(
    CLASS_KINDS.map(async (row) => {
      if (row.uses(context).length === 0) return [];
      return missingClasses(row, context, await listClass(context, row));
    }),
  );
  return [...found.flat(), ...(await checkOtherIngresses(context))];
};

type Names = Pick<CheckContext, 'desired' | 'templates' | 'destNamespace' | 'strict'> & {
  readonly dest: NamedCluster;
};

/** Findings about what a row of the table finds named in the copy, and not in a list of the destination. Pure. */
export const missingClasses = (row: ClassKind, context: Names, listed: Listed): Finding[] => {
  if (listed.state === 'unknown' || (listed.state === 'not-served' && !row.reportUnserved)) return [];
  const existing = namesOf(listed);
  const missing = usersByName(row.uses(context).filter(({ name }) => !existing.includes(name)));
  return missing.map(([name, users]) => ({
    level: row.stopsPods === true && context.strict === true ? 'refuse' : 'warn',
    id: `${row.id}-missing`,
    subject: `${row.kind} ${name}`,
    message:
      `Context ${context.dest.context} has no ${row.kind} ${name}, which is referenced by ` +
      `${nameList(users.sort())} in namespace ${context.destNamespace}, ${row.effect}. ` +
      (listed.state === 'not-served'
        ? `It does not serve ${row.type} at all.`
        : `List the existing ones with: ${kubectl(context.dest, 'get', row.type)}`),
  }));
};

/**
 * Findings about Ingresses that name their class in the old annotation, which works without an IngressClass, or not
 * at all, which needs a default one. Pure.
 */
export const otherIngresses = (context: Names, listed: Listed): Finding[] => {
  if (listed.state === 'unknown') return [];
  const existing = namesOf(listed);
  const ingresses = context.desired.filter(isOtherIngress);
  const annotated = ingresses.filter((ingress) => annotationOf(ingress) !== undefined);
  const unnamed = ingresses.filter((ingress) => annotationOf(ingress) === undefined);
  const uses = annotated.map((object) => ({ name: annotationOf(object) ?? '', user: objectName(object) }));
  const findings = usersByName(uses.filter(({ name }) => !existing.includes(name))).map(
    ([name, users]): Finding => ({
      level: 'info',
      id: 'ingress-class-missing',
      subject: `IngressClass ${name}`,
      message:
        `The class ${name} is referenced by an annotation of ${nameList(users.sort())} in namespace ` +
        `${context.destNamespace}. Context ${context.dest.context} has no IngressClass of that name; an Ingress ` +
        'controller that uses the annotation may still serve it.',
    }),
  );
  if (unnamed.length === 0 || (listed.state === 'listed' && listed.objects.some(isDefault))) return findings;
  return [
    ...findings,
    {
      level: 'info',
      id: 'ingress-class-default-missing',
      subject: 'IngressClass',
      message:
        `No IngressClass is set on ${nameList(unnamed.map(objectName).sort())} in namespace ${context.destNamespace}, ` +
        `and context ${context.dest.context} has no default IngressClass. List its classes with: ` +
        kubectl(context.dest, 'get', INGRESS_CLASS.type),
    },
  ];
};

const checkOtherIngresses = async (context: CheckContext): Promise<Finding[]> =>
  context.desired.some(isOtherIngress)
    ? otherIngresses(context, await listClass(context, INGRESS_CLASS))
    : [];

const listClass = (context: CheckContext, { kind, type }: ClassKind): Promise<Listed> =>
  context.lister.list('dest', type, `whether each ${kind} that the copy references exists`);

const namesOf = (listed: Listed): string[] =>
  listed.state === 'listed' ? listed.objects.map((object) => object.metadata.name) : [];

const INGRESSES: ReadonlySet<string> = new Set(['Ingress.networking.k8s.io', 'Ingress.extensions']);

const isOtherIngress = (object: KubeObject): boolean =>
  INGRESSES.has(groupKind(object)) && !stringAt(object, 'spec', 'ingressClassName');

const annotationOf = (ingress: KubeObject): string | undefined =>
  ingress.metadata.annotations?.['kubernetes.io/ingress.class'];

const isDefault = (ingressClass: KubeObject): boolean =>
  ingressClass.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';
