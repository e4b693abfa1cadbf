// Streamlit's own words are English; this puts the ones an office meets into Chinese as they appear, and puts right what
// of its markup misleads those who have the page read to them.
(() => {
  const WORDS = {
    "Skip to main content": "跳到正文", "Upload": "选择文件", "Browse files": "选择文件", "Browse file": "选择文件",
    "Drag and drop file here": "把文件拖到这里", "Drag and drop files here": "把文件拖到这里", "or drag and drop": "或把文件拖到这里",
    "No results": "没有匹配项", "No options to select": "没有可选项", "Choose an option": "请选择", "Choose options": "请选择",
    "Select all": "全选", "Clear all": "清空", "Clear value": "清空", "Clear": "清空", "Press Enter to apply": "按回车键确认",
    "Press Enter to submit form": "按回车键提交", "Press Ctrl+Enter to apply": "按Ctrl+回车键确认", "Press ⌘+Enter to apply": "按⌘+回车键确认",
    "Press Ctrl+Enter to submit form": "按Ctrl+回车键提交", "Press ⌘+Enter to submit form": "按⌘+回车键提交",
    "Download as CSV": "下载CSV", "Search": "查找", "Fullscreen": "全屏", "Close fullscreen": "退出全屏", "Show/hide columns": "显示或隐藏列",
    "Type to search": "输入要查找的内容", "Sort ascending": "升序", "Sort descending": "降序", "Autosize": "自动列宽", "Pin column": "固定列",
    "Unpin column": "取消固定", "Hide column": "隐藏列", "Format": "格式", "Statistics": "统计", "empty": "空", "Close": "关闭", "Cancel": "取消",
    "Running...": "处理中…", "Stop": "停止", "Rerun": "重新运行", "Settings": "设置", "Print": "打印", "Theme": "主题", "Appearance": "外观", "Light": "浅色",
    "Dark": "深色", "System": "跟随系统", "Use system setting": "跟随系统", "Wide mode": "宽屏", "Connecting": "正在连接", "Connection error": "连接已断开",
    "The page that you have requested does not seem to exist. Running the app's main page.": "没有这个地址，已打开首页。",
    "Copy": "复制", "Page not found": "没有这个页面", "You have selected an invalid page.": "没有这个页面。", "Show password": "显示密码", "Hide password": "隐藏密码", "Open": "展开", "Show password text": "显示密码", "Hide password text": "隐藏密码",
    "Previous page": "上一页", "Next page": "下一页", "View fullscreen": "全屏", "Save as SVG": "保存为SVG", "Save as PNG": "保存为PNG",
    "Download as PNG": "下载PNG", "Download as SVG": "下载SVG", "Copy Vega-Lite spec": "复制图表定义", "Save as CSV": "保存为CSV", "View chart data": "查看数据", "Show data": "查看数据", "Show chart": "查看图表", "Open sidebar": "展开菜单",
    "Collapse sidebar": "收起菜单", "Main menu": "主菜单", "Remove file": "移除文件", "Please wait...": "请稍候…", "Loading...": "正在载入…",
    "Error": "出错", "Oh no.": "出错了。", "Download": "下载", "Copy to clipboard": "复制", "Record a screencast": "录屏", "About": "关于",
    "Something went wrong": "程序出错了", "Error:": "出错：", "Clear selection": "取消选择", "Choose date": "选择日期", "Choose date range": "选择起止日期",
    "yyyy": "年", "mm": "月", "dd": "日", "Empty": "未填", "Next month": "下个月", "Previous month": "上个月", "Add files": "添加文件", "file upload": "上传文件", "App pages": "页面", "Navigate to home page": "回到首页", "Sidebar": "菜单",
    "Failed to generate file for download": "没有生成文件，可能刚被他人更改，或登录已失效。请刷新页面后重试。",
    "Pagination": "翻页", "(required)": "（必填）", "(optional)": "（可不填）", "Link to heading": "标题的链接", "(opens in new tab)": "（在新标签页中打开）", "Skip to main content ": "跳到正文",
    "Increment": "加", "Decrement": "减", "Dismiss": "关闭", "Show suggestions": "列出可选项", "Suggestions": "可选项", "Selected values": "已选",
    "Selectbox options": "可选项", "Multiselect options": "可选项", "Select...": "请选择", "No options": "没有可选项", "Clear entry": "清空", "Clear date": "清空日期",
    "Clear dates": "清空日期", "Clear time": "清空时间", "Clear date and time": "清空时间", "Choose date and time": "选择日期和时间", "Time": "时间", "Date range": "起止日期",
    "Quick select a date range": "常用的起止日期", "Past Week": "最近一周", "Past Month": "最近一个月", "Past 3 Months": "最近三个月", "Past 6 Months": "最近六个月",
    "Past Year": "最近一年", "Past 2 Years": "最近两年", "First available date": "可选的第一天", "Last available date": "可选的最后一天", "Calendar": "日历",
    "Start Date": "开始日期", "End Date": "结束日期", "Click to start selecting date range": "点此选开始日期", "Click to finish selecting date range": "点此选结束日期",
    "Previous": "上一个", "Next": "下一个", "AM/PM": "上午或下午",
    "Use arrow keys to navigate. Enter to select. Tab to switch between calendar and time. Escape to close.":
      "用方向键移动，回车键选定，Tab键在日历和时间之间切换，Esc键关闭。",
    "Long press or press Alt + ArrowDown to open menu": "长按，或按Alt+向下键打开菜单", "Hours must be 0–23.": "小时应在0至23之间。", "Hours must be 0–23": "小时应在0至23之间",
    "Minutes must be 0–59.": "分钟应在0至59之间。", "Seconds must be 0–59.": "秒应在0至59之间。", "Invalid time format. Please use HH:MM.": "时间请写作08:30的样子。",
    "Invalid time format. Please use HH:MM:SS or HH:MM.": "时间请写作08:30的样子。", "Invalid input.": "填写有误。",
    "Number is above the allowed range.": "数字太大。", "Number is below the allowed range.": "数字太小。", "Invalid data type": "填写有误",
    "Dataframe column menu": "列菜单", "Copy column name": "复制列名", "(index)": "（行号）", "Values": "个数", "Distinct": "不同的值", "Count": "次数", "Sum": "合计",
    "Average": "平均", "Average length": "平均字数", "Minimum": "最小", "Maximum": "最大", "Minimum length": "最少字数", "Maximum length": "最多字数", "Median": "中位数",
    "Standard deviation": "标准差", "25th percentile": "25%分位", "75th percentile": "75%分位", "Range": "范围", "Based on sample": "按抽样计算", "No data": "没有数据",
    "No content": "没有内容", "Distribution histogram": "分布图", "Top values frequency chart": "最常见的值", "True/false distribution chart": "是否分布图",
    "True": "是", "False": "否", "Automatic": "自动", "Localized": "千位分隔", "Plain": "原样", "Compact": "缩写", "Dollar": "美元", "Euro": "欧元", "Yen": "日元", "Percent": "百分比",
    "Scientific": "科学计数", "Accounting": "会计格式", "Distance": "距今", "Duration": "时长", "Bytes": "字节", "Edit": "编辑", "Rename": "改名", "Add row": "添加一行",
    "Delete row(s)": "删除所选的行", "Previous Result": "上一处", "Next Result": "下一处", "Close Search": "关闭查找", "Cancel (Escape)": "取消（Esc键）",
    "Button action menu": "操作", "Markdown content": "内容", "Edit markdown content": "编辑内容",
    "Enter markdown text...": "输入内容", "Audio player": "音频", "Video player": "视频", "⚠️ Please fill out this cell.": "⚠️ 请填写这一格。",
    "The value is not part of the allowed options.": "不在可选项中。", "The value cannot be interpreted as a number.": "应为数字。", "Failed to load data": "没有载入数据，请刷新页面",
    "No active connection is available to load more rows.": "连接已断开，没有载入其余各行。", "All selected options have been cleared.": "已清空所选各项。",
    "Upload directories": "选择文件夹", "Drag and drop directories here": "把文件夹拖到这里", "Drag and drop a file here": "把文件拖到这里", "Click to retry upload": "点此重新上传",
    "Only one file is allowed.": "只能选一个文件。", "Too many files": "文件太多", "File size is too small.": "文件是空的。", "Upload failed": "上传失败，请重试",
    "Unexpected error. Please try again.": "出错了，请重试。", "Uploading...": "正在上传…", "Download failed": "没有下载成功，请重试", "Copied": "已复制", "Copied!": "已复制",
    "Download Button": "下载", "Expand sidebar": "展开菜单", "Scroll tabs left": "向左", "Scroll tabs right": "向右", "View less": "收起", "Notifications": "通知",
    "Try again": "重试", "Error: ": "出错：", "Ask Google": "", "Ask ChatGPT": "", "Traceback:": "出错的位置：", "Script execution error": "程序出错", "Unknown error": "不明原因", "Unknown Error": "不明原因",
    "Network Error": "网络不通", "Network issue": "程序已更新", "Connection timed out.": "连接超时，正在重新连接。",
    "Cannot load Streamlit frontend code. This can happen when you update Streamlit while a Streamlit app is running.": "服务器上的程序更新过，这个页面还是旧的。",
    "To fix this, simply reload this app by pressing": "请刷新页面，按", "If the error persists, try force-clearing your browser's cache as described": "仍不行的，按Ctrl+F5强制刷新。",
    ", or": "或", "here": "",
    "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:": "服务器没有响应，正在重新连接。", "streamlit run yourscript.py": "长时间没有恢复的，请告诉管理员。",
    "Streamlit server is not responding. Are you connected to the internet?": "服务器没有响应，正在重新连接。请检查网络。",
    "Vega visualization": "图表", "Click to view actions": "图表操作",
    "View Source": "图表定义", "View Compiled Vega": "图表定义", "Open in Vega Editor": "在编辑器中打开", "Streamlit logo": "标志", "App Logo": "标志", "Logo": "标志",
    "Use arrow keys to navigate dates. Enter to select. Escape to close.": "用方向键移动日期，回车键选定，Esc键关闭。",
  };
  // Words that label something and would be somebody's own word where they stand as text: a user name, a title.
  const LABELS = {
    day: "日", month: "月", year: "年", hour: "时", minute: "分", second: "秒", text: "文字", number: "数字", object: "内容", date: "日期",
    datetime: "时间", time: "时间", checkbox: "是否", selectbox: "选项", multiselect: "多选", list: "列表", link: "链接", progress: "进度",
    image: "图片", json: "内容", visualization: "图表", axis: "坐标轴", legend: "图例", title: "标题", subtitle: "副标题", bar: "条形",
    "day of the week": "星期",
  };
  const PATTERNS = [
    [/^(?:Limit )?(\d+)\s*MB per file(?: [•·] (.*))?$/, (_, size, kinds) => `每个文件不超过${size}MB${kinds ? "，可用 " + kinds : ""}`],
    [/^This app has encountered an error\..*/s, (_, node) => {
      const box = node.parentElement;
      if (!box.querySelector("a.home")) box.append(Object.assign(document.createElement("a"), { className: "home", href: "/", textContent: "返回首页" }));
      const moment = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 19).replace("T", " ");  // the office's time, as the log has it
      return `程序出错，操作可能没有完成。请刷新页面后重试；仍不行的，请把出错时间（${moment}）告诉管理员。`;
    }],
    [/^You have requested page (\S+), but .*$/, (_, page) => `没有${page}这个地址，已打开首页。`],
    [/^(\d+) results?$/, (_, count) => `${count}项`],
    [/^Page (\d+)$/, (_, number) => `第${number}页`],
    [/^Help for (.*)$/, (_, name) => `${name}的说明`],
    [/^Shortcut (.*)$/, (_, keys) => `快捷键 ${keys}`],
    [/^Remove (.*)$/, (_, name) => `移除${name}`],
    [/^File must be (\d+)(?:\.\d+)?MB or smaller\.$/, (_, size) => `文件不能超过${size}MB，没有上传。请压缩或拆分后再选。`],
    [/^(.+) files are not allowed\.?$/, (_, kind, node) => {
      const uploader = node.parentElement.closest("[data-testid=stFileUploader]");
      const kinds = (uploader?.querySelector("input[type=file]")?.accept ?? "").split(",").filter((each) => each.startsWith("."));
      const how = kinds.includes(".xlsx") ? "，可在WPS或Excel中另存为.xlsx" : "";
      return `不接受${kind.includes("/") ? "这种" : kind}文件，没有上传。` + (kinds.length ? `请用${kinds.join("、")}${how}。` : "");
    }],
    [/^Choose date, (.*)$/, (_, month) => `选择日期，${dates(month)}`],
    [/^(\d+) – (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*$/, (_, month) => `${+month}月`],
    [/^(?:View f|F)ullscreen: (.*)$/s, (_, name) => `全屏：${name}`],
    [/^(day|month|year), (.*)$/, (_, part, name) => `${name}${{ day: "日", month: "月", year: "年" }[part]}`],
    [/^(\d+) options? available\.$/, (_, count) => `有${count}项可选。`],
    [/^Select (\d+) matches$/, (_, count) => `选中找到的${count}项`],
    [/^You can only select up to (\d+) options?\. Remove an option first\.$/, (_, count) => `最多选${count}项，请先去掉一项。`],
    [/^Add: (.*)$/s, (_, word) => `新增：${word}`],
    [/^(?:(\d+) of )?(over )?(\d+) results?$/, (_, at, over, count) => (at ? `第${at}处，` : "") + `共${over ? "超过" : ""}${count}处`],
    [/^Selected Date: (.*)$/, (_, day) => `已选日期：${dates(day)}`],
    [/^Selected Time: (.*)$/, (_, time) => `已选时间：${time}`],
    [/^Selected Range: (.*) to (.*)$/, (_, first, last) => `已选日期：${dates(first)}至${dates(last)}`],
    [/^Today, (.*) selected$/, (_, day) => `今天，${dates(day)}，已选`],
    [/^Today, (.*)$/, (_, day) => `今天，${dates(day)}`],
    [/^(.*) start date$/, (_, name) => `${name}，开始`],
    [/^(.*) end date$/, (_, name) => `${name}，结束`],
    [/^(.*), selected$/, (_, name) => `${name}，已选`],
    [/^(.*) selected$/, (_, name) => `${dates(name)}，已选`],
    [/^: Date(?: and time)? set outside allowed range\. Please select a date(?: and time)? (between|on or after|on or before) (.*?)(?: and (.*))?\.$/,
      (_, how, first, last) => `：日期应${{ between: "在", "on or after": "不早于", "on or before": "不晚于" }[how]}${first}${last ? `至${last}之间` : ""}。`],
    [/^Number is (?:above|below|outside) the allowed range\. Please enter a value (?:between (\S+) and (\S+?)|(less|greater) than or equal to (\S+?))\.$/,
      (_, least, most, way, limit) => way ? `应${way === "less" ? "不大于" : "不小于"}${limit}。` : `应在${least}至${most}之间。`],
    [/^(Distribution histogram|Top values frequency chart|True\/false distribution chart): (.*)$/s,
      (_, kind, told) => `${WORDS[kind]}：${told.replaceAll("True", "是").replaceAll("False", "否")}`],
    [/^Cancel upload of (.*)$/, (_, name) => `取消上传${name}`],
    [/^File (?:is larger than|type must be) (.*)$/, (_, what) => `文件不合要求：${what}`],
    [/^Connection failed with status (\d+).*$/s, (_, status) => `服务器没有响应（${status}），正在重新连接。`],
    [/^Save \((.*)\+Enter\)$/, (_, key) => `保存（${key}+回车键）`],
    [/^([XY])-axis(?: titled '(.*)')? for a (\w+) scale with (.*)$/s, (_, side, name, _kind, what) => `${side === "X" ? "横轴" : "纵轴"}${name ? "：" + name : ""}，${scale(what)}`],
    [/^(?:Symbol|Gradient|Discrete)? ?[Ll]egend(?: titled '(.*)')? for .*? with (.*)$/s, (_, name, what) => `图例${name ? "：" + name : ""}，${scale(what)}`],
    [/^(?:Title|Subtitle) text '(.*)'$/s, (_, text) => text],
    [/^(\w+) mark container$/, () => "一组图形"],
    [/^(\w+) mark$/, () => "图形"],
  ];
  // Days as English writes them: November 30, 2026; Monday, November 30, 2026; November 2026.
  const MONTHS = "January February March April May June July August September October November December".split(" ");
  const dates = (text) => text.replace(/^\w+day, (?=[A-Z])/, "").replace(/([A-Z][a-z]+) (?:(\d{1,2}), )?(\d{4})/g, (all, month, day, year) =>
    MONTHS.includes(month) ? `${year}年${MONTHS.indexOf(month) + 1}月${day ? `${+day}日` : ""}` : all);
  // What an axis or a legend of a chart runs over.
  const scale = (what) => what.replace(/^values from (.*) to (.*)$/s, "从$1到$2").replace(/^\d+ values?: (.*)$/s, "$1").replace(/^\d+ boundar(?:y|ies): (.*)$/s, "分界$1")
    .replace(", ending with ", "……").replaceAll(", ", "、");
  const inChinese = (text, node, label = false) => {
    const plain = text.trim();
    if (!plain || plain.length > 400) return null;
    if (label && Object.hasOwn(LABELS, plain)) return LABELS[plain];
    if (Object.hasOwn(WORDS, plain)) return text.replace(plain, WORDS[plain]);
    for (const [pattern, words] of PATTERNS) {
      const match = plain.match(pattern);
      if (match) return words(...match, node);
    }
    return null;
  };
  const OURS = "[data-testid=stMarkdownContainer], [data-testid=stText], input, textarea, script, style";
  const THEIRS = "[data-testid=stFileUploaderDropzone], [data-testid=stTooltipContent], [data-testid=stException], [data-testid=stTooltipErrorContent]";
  const NAMES = ["aria-label", "aria-valuetext", "aria-description", "aria-roledescription", "placeholder", "title", "alt"];
  const ICONS = "[data-testid=stIconMaterial], [data-testid=stExpanderIcon], [role=img][aria-label$=' icon']";
  const MENU = "[data-testid=stSidebarNavItems]";
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const ours = node.parentElement?.closest(OURS);
      if (ours && !ours.closest(THEIRS)) return;
      const words = inChinese(node.data, node);
      if (words !== null && words !== node.data) node.data = words;
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      for (const name of NAMES) {
        const words = node.hasAttribute(name) ? inChinese(node.getAttribute(name), node, true) : null;
        if (words !== null) node.setAttribute(name, words);
      }
      // The menu's list has divs between itself and its items, so that screen readers count none: say what they are.
      if (node.matches(MENU)) node.setAttribute("role", "list");
      else if (node.matches(`${MENU} li`)) node.setAttribute("role", "listitem");
      // A drawn letter is no word of the label it stands in, a picture without words is decoration, a box with a name is none.
      if (node.matches(ICONS)) { node.setAttribute("aria-hidden", "true"); node.removeAttribute("aria-label"); return; }
      // From a date that was typed Tab goes on to the next field, so that the date is taken; its calendar opens by Alt+↓.
      if (node.matches("[data-testid=stDateInputCalendarButton]")) node.tabIndex = -1;
      // Nor does Tab stop at a field's help sign: in the field F1 opens it, as below.
      if (node.matches(HELP)) asked(node)?.setAttribute("aria-keyshortcuts", "F1");
      if (node.matches("img:not([alt])")) node.alt = node.closest("[data-testid=stImage]")?.innerText.trim() ?? "";
      if (node.matches("[data-testid=stFileUploaderDropzone][role=presentation]")) node.setAttribute("role", "group");
      node.childNodes.forEach(visit);
    }
  };
  // F1 in a field goes to its help sign, which says then what it says under the mouse; F1 or Esc goes back, Tab does by itself.
  const HELP = "[data-testid=stTooltipIcon] button:not([data-testid])", FIELD = "input, textarea, button, [role=spinbutton], [role=combobox]";
  const around = (node) => node.closest("[data-testid=stElementContainer]");
  const asked = (help) => {
    const field = [...around(help)?.querySelectorAll(FIELD) ?? []].find((each) => each !== help && !each.matches(HELP));
    if (field) help.tabIndex = -1;
    return field;
  };
  document.addEventListener("keydown", (event) => {
    const here = document.activeElement, inHelp = here?.matches(HELP);
    if (event.altKey || event.ctrlKey || event.shiftKey || !(event.key === "F1" || (inHelp && event.key === "Escape"))) return;
    const to = inHelp ? asked(here) : here && around(here)?.querySelector(HELP);
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    to.focus();
  }, true);
  // Headings one below the other without a gap, and two bars of pages on one page told apart.
  const outline = () => {
    let level = 0;
    for (const each of document.querySelectorAll("[data-testid=stMain] :is(h1, h2, h3, h4, h5, h6)")) {
      const own = +each.tagName[1], said = Math.min(own, level + 1);
      level = said;
      if (said === own) each.removeAttribute("aria-level"); else each.setAttribute("aria-level", said);
    }
    document.querySelectorAll("[role=navigation][aria-label^=翻页]").forEach((each, at) => {
      const name = at ? `翻页${at + 1}` : "翻页";
      if (each.getAttribute("aria-label") !== name) each.setAttribute("aria-label", name);  // to set it wakes the observer
    });
  };
  // Which page is open: of the links of its room's strip, and the menu's entry of that room; Streamlit says the entry's own page.
  const whereabouts = () => {
    const say = (link, word) => { if (word) link.setAttribute("aria-current", word); else link.removeAttribute("aria-current"); };
    const strip = [...document.querySelectorAll(".st-key-strip a")];
    strip.forEach((link) => say(link, link.pathname === location.pathname && "page"));
    document.querySelectorAll("[data-testid=stSidebarNavLink]:not([aria-current=page])").forEach((link) =>
      say(link, link.pathname === strip[0]?.pathname && "true"));
  };
  // A page opened out of a popover (我的账号) leaves it open above itself: what opened it is pressed once more.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-testid=stPopoverBody] [data-testid=stPageLink-NavLink]"))
      setTimeout(() => document.querySelector("[data-testid=stPopover] button[aria-expanded=true]")?.click());
  });
  let waiting = 0;
  const soon = () => { waiting ||= setTimeout(() => { waiting = 0; outline(); whereabouts(); }, 200); };
  const start = () => {
    visit(document.body);
    soon();
    new MutationObserver((changes) => {
      soon();
      for (const change of changes) {
        if (change.type === "childList") change.addedNodes.forEach(visit);
        else visit(change.target);
      }
    }).observe(document.body, {
      childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: NAMES,
    });
  };
  if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
})();
