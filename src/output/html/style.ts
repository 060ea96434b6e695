/** How a report looks: two columns of colour, light and dark, nothing from elsewhere. */
import { Html } from './element.ts';

// Its own text, no captured one: it needs no escaping.
export const STYLE = new Html(`<style>
:root{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--tint:#f6f8fa;--mark:#0969da}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--paper:#0d1117;--tint:#151b23;--mark:#4493f8}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.2rem;margin-top:2.5rem;border-top:1px solid var(--line);padding-top:1.5rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}
p.soft,.soft{color:var(--soft)}code,td{overflow-wrap:break-word}td:first-child{white-space:nowrap}code{font:13px ui-monospace,monospace}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;color:var(--soft);font-weight:500}
th,td{padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}.right{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.line{position:relative;height:1.5rem;background:var(--tint);margin:2px 0;border-radius:3px;overflow:hidden}
.bar{position:absolute;top:0;bottom:0;min-width:2px;border-radius:3px;background:var(--mark);opacity:.35}
.line span{position:absolute;left:.5rem;right:.5rem;line-height:1.5rem;font-size:12px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.dns{background:#bf3989}.connect,.tls{background:#bc4c00}.server{background:#8250df}.file,.sync{background:#1a7f37}.lock,.retry{background:#9a6700}.cpu{background:#cf222e}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--mark)}
</style>`);
