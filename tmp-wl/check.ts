import { startCluster } from '../test/cluster/harness.ts';
import { planPark, applyPark, parkBody, parkPatch, stripParkFields } from '../src/workloads/park.ts';
import { planRestore, restorePatch, restoreBody } from '../src/workloads/restore.ts';
import { readiness } from '../src/workloads/readiness.ts';
import { podsUnder } from '../src/workloads/pods.ts';
import { setTimeout as sleep } from 'node:timers/promises';
const c = await startCluster({ name: 'wl-scratch' });
const api = c.api;
const NS='wl';
try {
  await api('POST','/api/v1/namespaces',{body:{apiVersion:'v1',kind:'Namespace',metadata:{name:NS}}});
  const P:any={Deployment:'/apis/apps/v1/namespaces/wl/deployments',DaemonSet:'/apis/apps/v1/namespaces/wl/daemonsets',StatefulSet:'/apis/apps/v1/namespaces/wl/statefulsets',Job:'/apis/batch/v1/namespaces/wl/jobs',CronJob:'/apis/batch/v1/namespaces/wl/cronjobs',ReplicaSet:'/apis/apps/v1/namespaces/wl/replicasets',Pod:'/api/v1/namespaces/wl/pods'};
  const apply=(b:any,m:string)=>api('PATCH',`${P[b.kind]}/${b.metadata.name}?fieldManager=${m}&force=true`,{body:b,contentType:'application/apply-patch+yaml'});
  const merge=(b:any,p:any)=>api('PATCH',`${P[b.kind]}/${b.metadata.name}?fieldManager=dr-syncer-park`,{body:p,contentType:'application/merge-patch+json'});
  const get=async(k:string,n:string)=>{const r=(await api('GET',`${P[k]}/${n}`)).body; return r};
  const list=async(k:string)=>{const r=(await api('GET',P[k])).body; return r.items.map((i:any)=>({...i,apiVersion:r.apiVersion,kind:r.kind.replace('List','')}))};
  const tmpl=(name:string,extra:any={})=>({metadata:{labels:{app:name}},spec:{containers:[{name:'c',image:'nginx:1'}],...extra}});
  const owners=(o:any)=>o.metadata.managedFields.map((m:any)=>`${m.manager}/${m.operation}${m.subresource?'/'+m.subresource:''}: ${JSON.stringify(m.fieldsV1?.['f:spec']??{}).slice(0,160)} ann=${JSON.stringify(Object.keys(m.fieldsV1?.['f:metadata']?.['f:annotations']??{}))}`);
  for (const src of [
    {apiVersion:'apps/v1',kind:'Deployment',metadata:{name:'d',namespace:NS},spec:{replicas:3,selector:{matchLabels:{app:'d'}},template:tmpl('d')}},
    {apiVersion:'apps/v1',kind:'DaemonSet',metadata:{name:'ds',namespace:NS},spec:{selector:{matchLabels:{app:'ds'}},template:tmpl('ds')}},
    {apiVersion:'apps/v1',kind:'DaemonSet',metadata:{name:'ds2',namespace:NS},spec:{selector:{matchLabels:{app:'ds2'}},template:tmpl('ds2',{nodeSelector:{'kubernetes.io/os':'linux'}})}},
    {apiVersion:'batch/v1',kind:'Job',metadata:{name:'j',namespace:NS},spec:{template:tmpl('j',{restartPolicy:'Never'})}},
  ] as any[]) {
    for (const restage of [false,true]) {
      const o=structuredClone(src); o.metadata.name+=restage?'-r':''; 
      const plan=planPark(o)!;
      const r1=await apply(applyPark(o,plan),'dr-syncer');
      const r2=await apply(parkBody(o,plan),'dr-syncer-park');
      if (restage) { const r=await apply(stripParkFields(applyPark(o,plan),plan),'dr-syncer'); if(r.status>=300)console.log('restage',r.status,r.body.message); }
      await sleep(1500);
      let live=await get(o.kind,o.metadata.name);
      const pods=podsUnder(live,await list('Pod'),await list('ReplicaSet'));
      console.log(o.kind,o.metadata.name,'create',r1.status,'park',r2.status,'pods while parked',pods.length, 'readiness', JSON.stringify(readiness(live)));
      // restore by body only
      const byBody=restoreBody(live,planRestore(live));
      const dry=await api('PATCH',`${P[o.kind]}/${o.metadata.name}?fieldManager=dr-syncer-park&force=true&dryRun=All`,{body:byBody,contentType:'application/apply-patch+yaml'});
      console.log('  restoreBody only ->', dry.status, JSON.stringify({replicas:dry.body.spec?.replicas,suspend:dry.body.spec?.suspend,ns:dry.body.spec?.template?.spec?.nodeSelector,ann:dry.body.metadata?.annotations}));
      const stale={...live,metadata:{...live.metadata,resourceVersion:'1'}};
      console.log('  stale', (await merge(stale,restorePatch(stale,planRestore(stale)))).status);
      const m=await merge(live,restorePatch(live,planRestore(live)));
      console.log('  restorePatch ->', m.status, JSON.stringify({msg:m.body.message,replicas:m.body.spec?.replicas,suspend:m.body.spec?.suspend,ns:m.body.spec?.template?.spec?.nodeSelector,ann:m.body.metadata?.annotations}));
      console.log('  owners', owners(m.body).join('\n         '));
      // content re-apply (stripped) must not touch
      const again=await apply(stripParkFields(applyPark(o,plan),plan),'dr-syncer');
      console.log('  content re-apply ->', again.status, JSON.stringify({replicas:again.body.spec?.replicas,suspend:again.body.spec?.suspend,ns:again.body.spec?.template?.spec?.nodeSelector,ann:again.body.metadata?.annotations}));
      await sleep(3000);
      live=await get(o.kind,o.metadata.name);
      const pp=podsUnder(live,await list('Pod'),await list('ReplicaSet'));
      console.log('  pods', pp.length, JSON.stringify(readiness(live,pp)));
      // park live again (as the source at cutover)
      const plan2=planPark(live,{stop:true})!;
      const pk=await merge(live,parkPatch(live,plan2));
      console.log('  parkPatch ->', pk.status, JSON.stringify({msg:pk.body.message,replicas:pk.body.spec?.replicas,suspend:pk.body.spec?.suspend,ns:pk.body.spec?.template?.spec?.nodeSelector,ann:pk.body.metadata?.annotations}));
      const rb=await apply(parkBody(live,planPark(pk.body)!),'dr-syncer-park');
      console.log('  parkBody over Update owner ->', rb.status, rb.body.message??'');
      await sleep(3000);
      const l3=await get(o.kind,o.metadata.name);
      console.log('  pods after park', podsUnder(l3,await list('Pod'),await list('ReplicaSet')).length);
      const m3=await merge(l3,restorePatch(l3,planRestore(l3)));
      console.log('  restore again ->', m3.status, JSON.stringify({replicas:m3.body.spec?.replicas,suspend:m3.body.spec?.suspend,ns:m3.body.spec?.template?.spec?.nodeSelector,ann:m3.body.metadata?.annotations}));
    }
  }
  // STS whenScaled Delete
  const sts:any={apiVersion:'apps/v1',kind:'StatefulSet',metadata:{name:'s',namespace:NS},spec:{replicas:2,serviceName:'s',podManagementPolicy:'Parallel',persistentVolumeClaimRetentionPolicy:{whenScaled:'Delete',whenDeleted:'Retain'},selector:{matchLabels:{app:'s'}},template:tmpl('s'),volumeClaimTemplates:[{metadata:{name:'data'},spec:{accessModes:['ReadWriteOnce'],resources:{requests:{storage:'1Gi'}}}}]}};
  console.log('sts', (await api('POST',P.StatefulSet,{body:sts})).status);
  await sleep(5000);
  const pvcs=async()=>((await api('GET','/api/v1/namespaces/wl/persistentvolumeclaims')).body.items as any[]).map((p)=>p.metadata.name+JSON.stringify(p.metadata.ownerReferences??[]));
  console.log('pvcs', await pvcs(), (await list('Pod')).filter((p:any)=>p.metadata.name.startsWith('s-')).length);
  const ls=await get('StatefulSet','s');
  const ps=await merge(ls,parkPatch(ls,planPark(ls,{stop:true})!));
  console.log('park', ps.status, ps.body.spec.replicas, JSON.stringify(ps.body.spec.persistentVolumeClaimRetentionPolicy));
  await sleep(8000);
  console.log('pvcs', await pvcs(), (await list('Pod')).filter((p:any)=>p.metadata.name.startsWith('s-')).length);
  const lp=await get('StatefulSet','s');
  const rs=await merge(lp,restorePatch(lp,planRestore(lp)));
  console.log('restore', rs.status, rs.body.spec.replicas, JSON.stringify(rs.body.spec.persistentVolumeClaimRetentionPolicy));
  await sleep(5000);
  const l4=await get('StatefulSet','s'); const p4=podsUnder(l4,await list('Pod'),[]);
  console.log('pvcs', await pvcs(), p4.length, JSON.stringify(readiness(l4,p4)));
  // HPA minReplicas 0?
  const h=await api('POST','/apis/autoscaling/v2/namespaces/wl/horizontalpodautoscalers',{body:{apiVersion:'autoscaling/v2',kind:'HorizontalPodAutoscaler',metadata:{name:'h'},spec:{minReplicas:0,maxReplicas:3,scaleTargetRef:{apiVersion:'apps/v1',kind:'Deployment',name:'d'},metrics:[{type:'External',external:{metric:{name:'q'},target:{type:'Value',value:'1'}}}]}}});
  console.log('hpa0',h.status,h.body.message??'');
} finally { await c.stop(); }
