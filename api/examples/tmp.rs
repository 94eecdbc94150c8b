//! tmp
use std::time::Instant;
fn main(){
  let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
  let fmt = std::env::args().nth(2).unwrap();
  let mut items = vec![];
  for i in 0..n { items.push(format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p-{i}","namespace":"ns-{}","uid":"u{i}","labels":{{"app":"a{}","pod-template-hash":"x"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"a{}-x","uid":"u","controller":true}}]}},"spec":{{"nodeName":"{}","containers":[{{"name":"c","image":"i","env":[{{"name":"A","value":"b"}}],"resources":{{"requests":{{"cpu":"{}m","memory":"512Mi"}}}}}}],"topologySpreadConstraints":[{{"topologyKey":"topology.kubernetes.io/zone","maxSkew":1,"whenUnsatisfiable":"DoNotSchedule","labelSelector":{{"matchLabels":{{"app":"a{}"}}}}}}]}}}}"#, i%50, i%500, i%500, if i%2==0 {format!("n{}", i%5000)} else {String::new()}, 100*(i%500+1), i%500)); }
  for i in 0..5000 { items.push(format!(r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"n{i}","labels":{{"karpenter.sh/nodepool":"g"}}}},"spec":{{"providerID":"aws:///a/i-{i}"}},"status":{{"allocatable":{{"cpu":"4","memory":"8Gi","pods":"58"}}}}}}"#));
   items.push(format!(r#"{{"apiVersion":"karpenter.sh/v1","kind":"NodeClaim","metadata":{{"name":"g-{}"}},"spec":{{"nodeClassRef":{{"group":"g","kind":"k","name":"n"}},"requirements":[]}},"status":{{"providerID":"aws:///a/i-{}"}}}}"#, 4999-i, 4999-i)); }
  let text = if fmt=="json" { format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{}]}}", items.join(",")) } else { format!("apiVersion: v1\nkind: List\nitems:\n- {}", items.join("\n- ")) };
  eprintln!("{} MB", text.len()/1000000);
  let t=Instant::now(); let o = plimsoll_api::read_str("x",&text).unwrap(); eprintln!("read {:?}", t.elapsed());
  let t=Instant::now(); let c = plimsoll_api::convert(&o, jiff::Timestamp::UNIX_EPOCH); eprintln!("convert {:?} pending {} nodes {} findings {}", t.elapsed(), c.pending.len(), c.nodes.len(), c.findings.len());
}
