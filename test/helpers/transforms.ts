import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import type { Note, Transform, TransformContext } from '../../src/pipeline/pipeline-types.ts';
import { transformObject } from '../../src/pipeline/transform-object.ts';
import { PLAIN_COPY } from './defaults.ts';

/** A context for transforms: namespace `shop` of cluster `east` goes to `shop-dr`, with no maps and no options. */
export const transformContext = (overrides: Partial<TransformContext> = {}): TransformContext => ({
  sourceContext: 'east',
  hasArgoCd: true,
  destInjectsCa: true,
  sourceNamespace: 'shop',
  destNamespace: 'shop-dr',
  namespaceMap: new Map([['shop', 'shop-dr']]),
  ...PLAIN_COPY,
  ...overrides,
});

/** A context whose namespace keeps its name. */
export const sameNamespace = (overrides: Partial<TransformContext> = {}): TransformContext =>
  transformContext({ destNamespace: 'shop', namespaceMap: new Map([['shop', 'shop']]), ...overrides });

/** The result of some transforms alone, with the notes as `level path` next to the whole notes. */
export const transformed = (
  source: KubeObject,
  transforms: readonly Transform[],
  overrides: Partial<TransformContext> = {},
): { desired: KubeObject; notes: readonly Note[]; heads: string[] } => {
  const { desired, notes } = transformObject(source, transformContext(overrides), transforms);
  return { desired, notes, heads: notes.map(({ level, path }) => `${level} ${path}`) };
};

/** The spec of what some transforms make of an object. */
export const specAfter = (
  source: KubeObject,
  transforms: readonly Transform[],
  overrides: Partial<TransformContext> = {},
): JsonObject => transformed(source, transforms, overrides).desired['spec'] as JsonObject;
