// Streamlit's own words are English; this puts the ones an office meets into Chinese as they appear.
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
    "Pagination": "翻页", "Link to heading": "标题的链接",
    "Use arrow keys to navigate dates. Enter to select. Escape to close.": "用方向键移动日期，回车键选定，Esc键关闭。",
  };
  const PATTERNS = [
    [/^(?:Limit )?(\d+)\s*MB per file(?: [•·] (.*))?$/, (_, size, kinds) => `每个文件不超过${size}MB${kinds ? "，可用 " + kinds : ""}`],
    [/^This app has encountered an error\..*/s, () => "程序出错，操作可能没有完成。请刷新页面后重试；仍不行的，请把出错时间告诉管理员。"],
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
    [/^Choose date, (.*)$/, (_, month) => `选择日期，${month}`],
    [/^(day|month|year), (.*)$/, (_, part, name) => `${name}${{ day: "日", month: "月", year: "年" }[part]}`],
  ];
  const inChinese = (text, node) => {
    const plain = text.trim();
    if (!plain || plain.length > 400) return null;
    if (Object.hasOwn(WORDS, plain)) return text.replace(plain, WORDS[plain]);
    for (const [pattern, words] of PATTERNS) {
      const match = plain.match(pattern);
      if (match) return words(...match, node);
    }
    return null;
  };
  const OURS = "[data-testid=stMarkdownContainer], [data-testid=stText], input, textarea, script, style";
  const MENU = "[data-testid=stSidebarNavItems]";
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const ours = node.parentElement?.closest(OURS);
      if (ours && !ours.closest("[data-testid=stFileUploaderDropzone]")) return;
      const words = inChinese(node.data, node);
      if (words !== null && words !== node.data) node.data = words;
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      for (const name of ["aria-label", "aria-valuetext", "placeholder", "title"]) {
        const words = node.hasAttribute(name) ? inChinese(node.getAttribute(name), node) : null;
        if (words !== null) node.setAttribute(name, words);
      }
      // The menu's list has divs between itself and its items, so that screen readers count none: say what they are.
      if (node.matches(MENU)) node.setAttribute("role", "list");
      else if (node.matches(`${MENU} li`)) node.setAttribute("role", "listitem");
      node.childNodes.forEach(visit);
    }
  };
  const start = () => {
    visit(document.body);
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.type === "childList") change.addedNodes.forEach(visit);
        else visit(change.target);
      }
    }).observe(document.body, {
      childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["aria-label", "aria-valuetext", "placeholder", "title"],
    });
  };
  if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
})();
