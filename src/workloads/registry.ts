import type { Json, KubeObject } from '../kube/api-types.ts';
import { groupOf, versionOf } from '../kube/object-names.ts';
import { valueAt } from '../kube/raw-json.ts';

/** A custom resource whose operator starts pods, and the field that keeps the operator from it. */
export interface PauseRow {
  readonly group: string;
  readonly kind: string;
  /** Version of the API in which the value is spelled this way; undefined for all. */
  readonly version?: string;
  readonly path: readonly string[];
  readonly parked: Json;
  /** The row holds only for objects that have the field. */
  readonly onlyIfPresent?: true;
  /** What the operator of dr-syncer should know; shown once per object. */
  readonly note?: string;
}

/**
 * The first row that fits an object, or undefined. A custom resource without a row, a scale subresource or an own
 * recipe cannot be parked by a field, and must be held back until the application is started.
 */
export const pauseRow = (object: KubeObject): PauseRow | undefined =>
  PAUSE_ROWS.find(
    (row) =>
      row.kind === object.kind &&
      row.group === groupOf(object.apiVersion) &&
      (row.version === undefined || row.version === versionOf(object.apiVersion)) &&
      (row.onlyIfPresent === undefined || valueAt(object, ...row.path) !== undefined),
  );

const REPLICAS = ['spec', 'replicas'];
const SUSPEND = ['spec', 'suspend'];
const PAUSE = ['spec', 'pause'];

const rows = (
  group: string,
  kinds: readonly string[],
  path: readonly string[],
  parked: Json,
  more: Pick<PauseRow, 'version' | 'onlyIfPresent' | 'note'> = {},
): PauseRow[] => kinds.map((kind) => ({ group, kind, path, parked, ...more }));

/** Known pause fields, from the documentation of each operator. Order matters where a kind has several rows. */
export const PAUSE_ROWS: readonly PauseRow[] = [
  ...rows(
    'monitoring.coreos.com',
    ['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'],
    REPLICAS,
    0,
  ),
  ...rows('rabbitmq.com', ['RabbitmqCluster'], REPLICAS, 0, {
    note: 'The RabbitMQ cluster operator accepts 0 replicas from release 2.16 on.',
  }),
  ...rows('ibp.com', ['IBPCA', 'IBPConsole', 'IBPOrderer', 'IBPPeer'], REPLICAS, 0),
  // With node pools the count is in the pools, and Strimzi refuses a pool of 0: such a Kafka has no row.
  ...rows('kafka.strimzi.io', ['Kafka'], ['spec', 'kafka', 'replicas'], 0, { onlyIfPresent: true }),
  ...rows('acid.zalan.do', ['postgresql'], ['spec', 'numberOfInstances'], 0),
  ...rows('postgresql.cnpg.io', ['Cluster'], ['metadata', 'annotations', 'cnpg.io/hibernation'], 'on'),
  ...rows('postgres-operator.crunchydata.com', ['PostgresCluster'], ['spec', 'shutdown'], true),
  ...rows('mongodbcommunity.mongodb.com', ['MongoDBCommunity'], ['spec', 'members'], 0),
  ...rows('couchbase.com', ['CouchbaseCluster'], ['spec', 'paused'], true, {
    note: 'spec.paused stops the Couchbase operator from acting, but running pods continue.',
  }),
  ...rows('cassandra.datastax.com', ['CassandraDatacenter'], ['spec', 'stopped'], true),
  ...rows('pxc.percona.com', ['PerconaXtraDBCluster'], PAUSE, true),
  ...rows('ps.percona.com', ['PerconaServerMySQL'], PAUSE, true),
  ...rows('psmdb.percona.com', ['PerconaServerMongoDB'], PAUSE, true),
  ...rows('pgv2.percona.com', ['PerconaPGCluster'], PAUSE, true),
  ...rows('pg.percona.com', ['PerconaPGCluster'], PAUSE, true),
  ...rows('clickhouse.altinity.com', ['ClickHouseInstallation'], ['spec', 'stop'], 'yes'),
  ...rows('weblogic.oracle', ['Domain'], ['spec', 'serverStartPolicy'], 'NEVER', { version: 'v8' }),
  ...rows('weblogic.oracle', ['Domain'], ['spec', 'serverStartPolicy'], 'Never'),
  // The two fields of a virtual machine exclude each other, so the one in use is the one to change.
  ...rows('kubevirt.io', ['VirtualMachine'], ['spec', 'running'], false, { onlyIfPresent: true }),
  ...rows('kubevirt.io', ['VirtualMachine'], ['spec', 'runStrategy'], 'Halted'),
  ...rows('helm.toolkit.fluxcd.io', ['HelmRelease'], SUSPEND, true),
  ...rows('kustomize.toolkit.fluxcd.io', ['Kustomization'], SUSPEND, true),
  ...rows('argoproj.io', ['Workflow', 'CronWorkflow'], SUSPEND, true),
  ...rows('jobset.x-k8s.io', ['JobSet'], SUSPEND, true),
  ...rows('ray.io', ['RayCluster', 'RayJob'], SUSPEND, true),
  // Schedules, and what copies data at times of its own: at the parked side they would write to what both sides share.
  ...rows('postgresql.cnpg.io', ['ScheduledBackup'], SUSPEND, true),
  ...rows('sparkoperator.k8s.io', ['ScheduledSparkApplication'], SUSPEND, true),
  ...rows('ray.io', ['RayCronJob'], SUSPEND, true),
  ...rows('batch.volcano.sh', ['CronJob'], SUSPEND, true),
  ...rows(
    'stork.libopenstorage.org',
    ['ApplicationBackupSchedule', 'VolumeSnapshotSchedule', 'MigrationSchedule'],
    SUSPEND,
    true,
  ),
  ...rows('snapscheduler.backube', ['SnapshotSchedule'], ['spec', 'disabled'], true),
  ...rows('kubeflow.org', ['ScheduledWorkflow'], ['spec', 'enabled'], false),
  ...rows('apps.kruise.io', ['AdvancedCronJob'], ['spec', 'paused'], true),
  ...rows('stash.appscode.com', ['BackupConfiguration'], ['spec', 'paused'], true),
  ...rows('core.kubestash.com', ['BackupConfiguration'], ['spec', 'paused'], true),
  ...rows('pingcap.com', ['BackupSchedule'], PAUSE, true),
  ...rows('volsync.backube', ['ReplicationSource', 'ReplicationDestination'], ['spec', 'paused'], true),
  // What writes to Git or to a cloud, and what keeps the machines of another cluster.
  ...rows('image.toolkit.fluxcd.io', ['ImageUpdateAutomation'], SUSPEND, true),
  ...rows('infra.contrib.fluxcd.io', ['Terraform'], SUSPEND, true),
  ...rows('cluster.x-k8s.io', ['Cluster'], ['spec', 'paused'], true),
];
