import { runServer } from "/work/main/test/unit/app/support/server";
import * as fs from "node:fs";
it("x", async()=>{ const s=await runServer({MAX_BODY_BYTES:"60000000"});
const g=JSON.parse(fs.readFileSync("/work/main/app/models/spam/1/golden.json","utf8"));
for (const n of [1,2,10,50,100,197]) { const rows=g.requests.slice(0,n); const r=await (await fetch(s.url+"/predict?model=spam",{method:"POST",body:JSON.stringify({instances:rows.map((r:any)=>r.instance)})})).json() as any;
let m=0, bad=0; rows.forEach((q:any,i:number)=>{const d=Math.abs(q.prediction.probabilities[0]-r.predictions[i].probabilities[0]); if(d>1e-5)bad++; m=Math.max(m,d)}); console.log(n,m,bad); }
await s.close(); }).timeout(20000);
