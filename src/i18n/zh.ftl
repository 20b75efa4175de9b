# State of the link.
connecting = 正在连接 { $host }
connected = { $host }
connected-round-trip = { $host } · 往返延迟 { $time }
waiting = 正在等待 { $host } 的画面
waiting-hint = 有人开始发送后，画面会立即显示在这里。按 h 查看快捷键。
keys-hint = 按 h 查看快捷键。
reconnecting = 正在重新连接 { $host }：{ $why }
reconnecting-in = { $seconds } 秒后重新连接：{ $why }
refused = { $host } 拒绝了连接：{ $why }
refused-retry-in = { $host } 拒绝了连接：{ $why }{ $seconds } 秒后重试。
lasting = { $host }：{ $why }此问题不会自行解决。
lasting-retry-in = { $host }：{ $why }此问题不会自行解决（{ $seconds } 秒后再次尝试）。

# Why the link is down.
why-refused = 连接被拒绝。中继是否已启动？
why-no-answer = { $time } 内无响应
why-resolving = 解析 { $host } 耗时超过 { $time }
why-unresolved = 无法解析 { $host }：{ $reason }
why-unreachable = 无法连接：{ $reason }
why-tls = 无法与中继建立 TLS 连接：{ $reason }。
why-handshake = TLS 握手未完成：{ $reason }
why-tls-wanted = 中继要求使用 TLS。请启用 TLS，指定其证书颁发机构或证书指纹，然后重新启动。
why-key-missing = 中继要求密钥。请提供密钥后重新启动。
why-key-refused = 中继不接受此密钥。
why-no-key-asked = 中继未要求密钥，因此不会向它发送需要密钥的房间的内容。
why-impostor = 中继无法证明自己持有密钥，可能不是您要连接的中继。
why-not-a-relay = 对方不是 pulsecam 中继：{ $reason }。
why-closed-at-once = 连接建立后立即被关闭。后端的中继是否已启动？
why-closed = 中继关闭了连接
why-sent-away = { $reason }。
why-silent = { $time } 内未收到任何数据
why-lost = 连接中断：{ $reason }

# State of a stream.
late-by = 延迟 { $time }
paused = 已暂停
no-picture = 没有画面
has-left = 已离开
no-picture-for = 已 { $seconds } 秒没有画面
no-signal = 无信号
camera-off = 摄像头已关闭
camera-off-card = 已关闭摄像头
cannot-decode = 画面无法解码：{ $reason }
frames-per-second = { $rate } 帧/秒
paused-hint = 已暂停 · 按空格键继续
hidden-hint = 已隐藏 { $count } 个画面 · 按 a 显示
the-end = 播放结束
film-ended = 播放结束 · 按空格键重新播放
film-no-seek = 此影片不支持跳转。
own-camera = 我
own-camera-off = 您的摄像头已关闭。按 m 键打开。
leave-call = 要退出通话吗？按 q 或回车退出，按 Esc 留在通话中。

# Cards of a virtual camera.
device-camera-off = { $name }的摄像头已关闭
device-left = { $name }已离开

# Images.
image = 图片
image-of = 图片 { $number }/{ $count }
image-hint = s 保存 · x 关闭
draft = 要把这张图片发送给所有人吗？
draft-many = 要把这 { $count } 张图片发送给所有人吗？
draft-hint = 回车 发送 · Esc 取消
drop-no-file = 可以将图片文件拖放到这里发送。拖入的内容不是文件。
drop-left-out = 已忽略 { $count } 项：不是本机文件，或一次拖入过多。
cannot-show = 无法显示：{ $reason }

# The conversation.
conversation = 聊天
nothing-said = 还没有消息。这里的所有人都能看到您发送的内容。
entry-hint = 回车 发送 · Esc 关闭
history-hint = y 关闭
entry-placeholder = 按回车输入消息
me = 我
somebody = 匿名
unreadable-text = （无法读取的文本，{ $bytes } 字节）
leaving = 正在发送
left = 已发送
not-left = 发送失败
newer-below = 下方有新消息
too-long = 内容过长，无法作为一条消息发送。

# Notifications.
news-joined = 已加入
news-unreadable = 发来一条无法读取的消息
news-image = 发来一张图片

# The window that asks for a relay.
start-title = 连接中继
start-address = 地址或链接，例如 desk.local
start-key = 密钥（中继要求时填写）
start-watch = 观看
start-call = 视频通话
start-demo = 查看演示
start-recent = 最近使用
start-network = 局域网中的中继
start-searching = 正在搜索…
start-none-yet = 暂未发现中继。
start-no-search = 无法搜索：{ $reason }
start-hint = ↑ ↓ 选择 · 回车 观看 · Shift 回车 通话 · Ctrl V 粘贴 · Esc 关闭
start-needs-key = 需要密钥
start-key-asked = 此中继要求密钥。请输入密钥；如果已在配置文件中设置，请再按一次回车。
start-nothing = 请输入地址，或在下方选择一个中继。
start-no-image = 剪贴板中是图片，不是地址。
start-for-browsers = 此链接只能在浏览器中使用。请索取中继的地址和密钥。
start-no-address = 地址无效：{ $reason }
start-no-key = 密钥不可用：{ $reason }

# The list of cameras.
cameras-title = 摄像头
cameras-searching = 正在查找摄像头…
cameras-none = 未找到摄像头。
cameras-hint = ↑ ↓ 选择 · 回车 使用 · Esc 关闭
camera-at-start = 启动时的来源
camera-pattern = 测试画面
camera-now = 正在使用
camera-in-use = 正被 { $program } 使用
camera-chosen = 正在发送 { $name }
camera-chosen-off = 打开摄像头后将发送 { $name }。按 m 键打开。
camera-refused = 无法使用 { $name }：{ $reason }

# The link to the page for browsers.
share-title = 在浏览器中打开
share-hint = 链接中不含密钥。如果中继要求密钥，页面会询问。
share-here = 此链接只能在本机打开。
share-keys = c 复制链接 · Esc 关闭
no-page = 此中继没有网页。

# The keys.
keys = 快捷键
key-enlarge = 放大某个画面（也可点击画面）
key-next = 下一个画面
key-all = 显示全部画面
key-say = 发送消息
key-paste = 粘贴要发送的文字或图片（也可拖入图片文件）
key-history = 查看聊天记录
key-save = 保存当前画面
key-open-folder = 打开保存位置
key-record = 开始或停止录制
key-copy = 复制画面
key-camera = 打开或关闭摄像头
key-cameras = 选择摄像头
key-pause = 暂停或继续
key-seek = 后退或前进 5 秒
key-seek-far = 后退或前进 30 秒
key-ends = 跳到开头或结尾
key-move = 移动画面（也可拖动）
key-pin = 将画面固定在最前
key-hide = 隐藏画面
key-unhide = 显示已隐藏的画面
key-mirror = 左右镜像
key-flip = 上下翻转
key-quarter = 旋转画面
key-fit = 完整显示、填满或原始大小
key-zoom = 缩放（也可按 Ctrl 滚动）；拖动可移动画面
key-share = 显示浏览器链接
key-numbers = 显示统计信息
key-inspect = 在统计信息中选择画面
key-dismiss = 关闭图片
key-close = 关闭打开的面板，或退出全屏
key-full-screen = 全屏（也可双击画面）
key-on-top = 窗口置顶
key-small = 无边框小窗口
key-menu = 打开菜单（也可按 Shift+F10，或右击画面）
key-help = 显示快捷键
key-quit = 退出

# The buttons.
button-say = 消息
button-save = 保存
button-record = 录制
button-stop = 停止
button-camera = 摄像头
button-cameras = 来源
button-share = 链接
button-numbers = 统计
button-help = 快捷键
button-all = 全部

# The menu of a right click.
menu-enlarge = 放大此画面
menu-all = 显示全部画面
menu-save = 保存画面
menu-copy = 复制画面
menu-record = 录制此画面
menu-stop = 停止录制
menu-mirror = 左右镜像
menu-flip = 上下翻转
menu-quarter = 旋转
menu-whole = 完整显示
menu-fill = 填满
menu-actual = 原始大小
menu-zoom = 局部放大
menu-pin = 固定在最前
menu-hide = 隐藏
menu-numbers = 统计信息
menu-say = 发送消息
menu-unhide = 显示已隐藏的画面
menu-pause = 暂停
menu-camera = 我的摄像头
menu-cameras = 选择摄像头
menu-share = 浏览器链接
menu-full-screen = 全屏
menu-on-top = 窗口置顶
menu-small = 小窗口
menu-keys = 全部快捷键

# Results of commands.
saved-as = 已保存为 { $path }
saved-of-as = 已将 { $name } 的画面保存为 { $path }
open-folder-hint = 按 e 或点击此处：打开所在文件夹
cannot-open-folder = 无法打开 { $path }：{ $reason }
nothing-to-save = 还没有可保存的画面
cannot-save = 保存失败：{ $reason }
copied = 已复制
copied-of = 已复制 { $name } 的画面
cannot-copy = 复制失败：{ $reason }
on-top = 窗口已置顶。再按 o 取消。
not-on-top = 窗口已取消置顶。
point-at-stream = 请先指向或放大一个画面。
no-such-state = 当前窗口管理器不支持此功能。
recording = 正在录制
recording-started = 正在录制到 { $path }
recording-saved = 已录制 { $time }，保存到 { $path }
recording-empty = 没有收到画面，未生成录制文件
recording-failed = 录制已停止：{ $reason }

# The statistics panel.
numbers = 统计信息
round-trip = 往返延迟
unknown = 未知
rate = 每秒帧数
age = 画面延迟
decoding = 解码耗时
received = 接收速率
quality = JPEG 质量
shown = 已显示
left-out-by-sender = 发送方丢弃
lost-on-the-way = 传输中丢失
replaced-here = 被新帧取代
unseen-here = 不可见时未解码
damaged-here = 无法解码
column-stream = 画面
column-rate = 帧/秒
column-lost = 丢失
age-graph = 画面延迟（最近一分钟）
rate-graph = 每秒帧数（最近一分钟）

# In a terminal.
terminal-say = t 消息
terminal-save = s 保存
terminal-record = r 录制
terminal-help = h 快捷键
terminal-quit = q 退出
terminal-pause = 空格 暂停
terminal-seek = ← → 5 秒
terminal-redraw = 重新绘制屏幕
terminal-close = 关闭打开的面板

# 端到端延迟（从光到光）的测量。
glass-no-picture = 正在等待摄像头画面
glass-not-seen = 请将摄像头对准此窗口
glass-too-dark = 画面太暗：请调亮屏幕，或延长摄像头曝光时间
glass-too-bright = 画面太亮：请调暗屏幕，或缩短摄像头曝光时间
glass-cut-off = 请后退一些：黑色边框须完整出现在画面中
glass-too-far = 请将摄像头靠近一些
glass-blurred = 画面模糊：请对焦，保持摄像头稳定，或缩短曝光时间
glass-found = 已识别，请保持不动
glass-measuring = 正在测量，还剩 { $seconds } 秒
glass-latency = 从光到光 { $latency } 毫秒
glass-hint = 摄像头应拍到完整的黑色边框，越大越好。按 Q 关闭窗口。

# The dashboard of a relay.
dashboard-clients = 客户端：{ $count }
dashboard-uptime = 已运行 { $up }
dashboard-in = 流入 { $in }
dashboard-out = 流出 { $out }
dashboard-messages = 每秒 { $messages } 条消息
dashboard-frames-lost = 丢帧：{ $lost }
dashboard-refused = 拒绝：{ $refused }
dashboard-relays = 中继在线：{ $there }/{ $all }
dashboard-links = 链路连通：{ $up }/{ $all }
dashboard-open = 对所有人开放
dashboard-key = 需要密钥
dashboard-tls = TLS，对所有人开放
dashboard-key-and-tls = TLS，需要密钥
dashboard-nobody = 还没有客户端连接。
dashboard-client = 客户端
dashboard-name = 名称
dashboard-sends = 发送
dashboard-gets = 接收
dashboard-lost = 丢帧
dashboard-state = 状态
dashboard-slow = 缓慢
dashboard-both = 通话中
dashboard-sending = 发送中
dashboard-viewing = 观看中
dashboard-idle = 空闲
dashboard-guest = 远端
dashboard-guest-at = 位于 { $relay }
dashboard-relay = 中继
dashboard-link-up = 链路连通
dashboard-link-down = 链路中断
dashboard-by-came = 客户端（按加入时间排序）
dashboard-by-sends = 客户端（按发送速率排序）
dashboard-by-lost = 客户端（按丢帧数排序）
dashboard-log = 日志
dashboard-keys = q 退出 · s 排序 · 方向键滚动 · h 帮助
dashboard-help =
    q      停止中继；排队的数据最多再发送一秒
    s      按加入时间、发送速率或丢帧数排序
    方向键、PgUp、PgDn   滚动
    Ctrl-L 重新绘制屏幕
    画面延迟：从采集到观看者的时间（取中位数）。
    丢帧：客户端过慢时被新帧取代的帧。
    远端：其他中继的客户端；中继：与其他中继的链路。

# The page in a browser (keys that begin with `web-` are not used by the program).
web-waiting-hint = 有人开始发送后，画面会立即显示在这里。
web-key-missing = 此房间需要密钥。
web-key = 房间密钥
web-key-hint = 您收到的链接中包含密钥。如果没有，请联系中继的管理员。
web-join = 加入
web-write = 输入消息
web-send = 发送
web-send-image = 发送图片
web-image-sent = （图片）
web-close = 关闭
web-streams = 画面
web-actions = 操作
web-enlarge = 放大 { $name }
web-full-screen = 全屏
web-key-full = 全屏
web-share = 分享
web-share-title = 在其他设备上打开
web-key-share = 显示链接和二维码
web-qr = 链接的二维码
web-copy-link = 复制链接
web-link-has-key = 链接中包含房间密钥，任何得到链接的人都可以加入。
web-key-next = 上一个或下一个画面
web-shortcuts = 启用单键快捷键
web-camera = 您的摄像头
web-name = 您的名称
web-start = 开始
web-switch = 切换摄像头
web-black-out = 关闭屏幕显示
web-black-out-hint = 摄像头仍在工作。点按屏幕返回。
web-insecure = 浏览器仅允许通过 HTTPS 打开的页面使用摄像头，而此页面是通过 HTTP 打开的。
web-insecure-link = 通过 HTTPS 打开
web-insecure-how = 为此，中继需要证书：请联系中继的管理员。
web-certificate = 中继使用自签名证书，浏览器会显示警告。在 iPhone 上，请先安装此证书。
web-certificate-link = 下载证书
web-no-camera = 无法使用摄像头：{ $reason }
web-camera-denied = 浏览器不允许此页面使用摄像头。请在此网站的设置中允许，然后重新开始。
web-camera-paused = 摄像头已暂停
web-camera-paused-why = 摄像头已暂停：页面在后台时，浏览器不提供画面。
web-sending = { $size } · { $rate } 帧/秒 · { $bytes }/s · 质量 { $quality }
web-nobody = 目前无人观看，因此没有发送画面。
web-viewers = 观看者：{ $count }
web-not-connected = 未连接，因此没有发送画面。
web-relays = 中继
web-relay-own = 当前中继
web-relay-up = 链路连通
web-relay-down = 链路中断
web-relay-idle = 无需转发
web-relay-gone = 已离线
web-relay-clients = 客户端：{ $clients }
web-relay-rates = 发出 { $out } · 收到 { $in }
web-standstill = 此页面已停止响应。请重新加载。
web-language = English
