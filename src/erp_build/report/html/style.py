"""The page's style: light and dark as the reader's system is, and from 320 pixels upwards."""

STYLE = """
:root { color-scheme: light dark;
  --page: #f5f6f8; --card: #ffffff; --text: #1b2330; --dim: #5c6878; --line: #dfe3ea; --code: #f0f2f6;
  --good: #146c3e; --good-back: #dcf3e6; --bad: #a3171c; --bad-back: #fde5e5;
  --warn: #825300; --warn-back: #fdefcf; --info: #1b51a8; --info-back: #e0ebfd;
  --path: #2f6fde; --maven: #b07a1c; --image: #7a4fd0; --push: #17845b; }
@media (prefers-color-scheme: dark) { :root {
  --page: #10141b; --card: #181e27; --text: #e4e9f1; --dim: #97a3b4; --line: #2b3442; --code: #212936;
  --good: #6fdba0; --good-back: #123524; --bad: #ff9d9d; --bad-back: #43191c;
  --warn: #f3c567; --warn-back: #3b2d0c; --info: #92bcff; --info-back: #172d52;
  --path: #5b93f5; --maven: #d9a441; --image: #a98bf0; --push: #3fb987; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: break-word;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans KR", "Apple SD Gothic Neo",
    "Malgun Gothic", NanumGothic, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 40px; }
section, header { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px;
  margin: 0 0 16px; }
h1 { font-size: 22px; line-height: 1.25; margin: 0 0 4px; display: flex; flex-wrap: wrap; gap: 6px 12px;
  align-items: center; }
h2 { font-size: 16px; margin: 0 0 10px; }
h3 { font-size: 14px; margin: 16px 0 6px; }
p { margin: 0 0 8px; }
a { color: var(--info); }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono",
    D2Coding, NanumGothicCoding, monospace; overflow-wrap: anywhere; }
code { background: var(--code); border-radius: 4px; padding: 1px 5px; }
pre { background: var(--code); border-radius: 6px; padding: 10px 12px; margin: 6px 0 10px; white-space: pre-wrap;
  max-height: 420px; overflow: auto; }
.dim, .note { color: var(--dim); }
.note { font-size: 13.5px; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 18px; color: var(--dim); font-size: 13.5px; }
.facts b { color: var(--text); font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(110px, 1fr)); gap: 10px; margin-top: 14px; }
.tile { background: var(--code); border-radius: 8px; padding: 8px 12px; color: var(--dim); font-size: 13px; }
.tile b { display: block; font-size: 19px; line-height: 1.3; color: var(--text); font-variant-numeric: tabular-nums; }
.pill { display: inline-block; border-radius: 999px; padding: 1px 9px; font-size: 12.5px; font-weight: 600;
  background: var(--code); color: var(--dim); white-space: nowrap; }
.good { background: var(--good-back); color: var(--good); }
.bad { background: var(--bad-back); color: var(--bad); }
.warn { background: var(--warn-back); color: var(--warn); }
.info { background: var(--info-back); color: var(--info); }
h1 .pill { font-size: 14px; padding: 2px 12px; }
.error { border-color: var(--bad); border-left-width: 5px; }
.error h2 { color: var(--bad); font-size: 18px; }
.next { background: var(--info-back); color: var(--info); border-radius: 6px; padding: 8px 12px; margin: 8px 0 0; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 14px; margin: 0; }
dt { color: var(--dim); }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th { text-align: left; color: var(--dim); font-weight: 600; font-size: 12.5px; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
ul { margin: 0; padding-left: 18px; }
td ul { padding: 0; list-style: none; }
td ul, td b { overflow-wrap: anywhere; }
details { margin: 4px 0; }
summary { cursor: pointer; }
.was { color: var(--bad); overflow-wrap: anywhere; }
.will { color: var(--good); overflow-wrap: anywhere; }
.row { display: grid; grid-template-columns: 210px minmax(0, 1fr) 92px; gap: 12px; align-items: center; padding: 2px 0;
  font-size: 14px; }
.row.lane > :first-child { padding-left: 16px; color: var(--dim); }
.row > :last-child { text-align: right; font-variant-numeric: tabular-nums; color: var(--dim); font-size: 13px; }
.track { position: relative; height: 14px; background: var(--code); border-radius: 4px; overflow: hidden; }
.bar { position: absolute; top: 0; bottom: 0; min-width: 2px; border-radius: 3px; }
.bar.path { background: var(--path); } .bar.failed { background: var(--bad); }
.bar.maven { background: var(--maven); } .bar.image { background: var(--image); } .bar.push { background: var(--push); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--dim); margin: 8px 0 10px; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
  vertical-align: -1px; position: static; }
footer { color: var(--dim); font-size: 13px; padding: 0 4px; }
@media (max-width: 700px) {
  main { padding: 12px 10px 28px; }
  section, header { padding: 14px; border-radius: 8px; margin-bottom: 12px; }
  .row { grid-template-columns: minmax(0, 1fr) auto; gap: 0 10px; padding: 4px 0; }
  .row .track { grid-column: 1 / -1; grid-row: 2; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: 6px; }
  thead { display: none; }
  table, tbody, tr, td { display: block; width: 100%; }
  tr { border-bottom: 1px solid var(--line); padding: 8px 0; }
  tbody tr:last-child { border-bottom: 0; }
  td { border: 0; padding: 1px 0; display: flex; gap: 10px; overflow-wrap: anywhere; }
  td::before { content: attr(data-label); flex: 0 0 92px; color: var(--dim); font-size: 13px; }
  td:first-child::before { content: none; }
  td > * { min-width: 0; }
}
@media print { body { background: #fff; } section, header { break-inside: avoid; } pre { max-height: none; } }
"""
