# How the link is.
connecting = 正在连接 { $host }
connected = { $host }
connected-round-trip = { $host } · 往返 { $time }
waiting = 正在等待 { $host } 的画面
waiting-hint = 有人发送后，画面会立即显示在这里。按 h 查看所有按键。
keys-hint = 按 h 查看所有按键。
reconnecting = 正在重新连接 { $host }：{ $why }
reconnecting-in = { $seconds } 秒后重新连接：{ $why }
refused = { $host } 拒绝了连接：{ $why }
refused-retry-in = { $host } 拒绝了连接：{ $why } { $seconds } 秒后重试。
lasting = { $host }：{ $why }该问题不会自行恢复。
lasting-retry-in = { $host }：{ $why }该问题不会自行恢复（{ $seconds } 秒后重试）。

# Why it is down.
why-refused = 对方没有在监听。中继是否在运行？
why-no-answer = { $time } 内没有应答
why-resolving = 解析 { $host } 已超过 { $time }
why-unresolved = 无法解析 { $host }：{ $reason }
why-unreachable = 无法连接：{ $reason }
why-tls = 无法与中继建立 TLS：{ $reason }。
why-handshake = TLS 握手未完成：{ $reason }
why-tls-wanted = 中继只接受 TLS。请使用 --tls，并配合 --tls-ca 或 --tls-pin 启动。
why-key-missing = 中继要求密钥。请使用 --key-file 启动。
why-key-refused = 中继不认识此密钥。
why-no-key-asked = 中继没有要求密钥；属于加锁房间的内容不会发往那里。
why-impostor = 中继无法证明它知道密钥，可能不是您要找的那一个。
why-not-a-relay = 对方不是 pulsecam 中继：{ $reason }。
why-closed-at-once = 对方接受连接后立即关闭。其后是否有中继在运行？
why-closed = 中继关闭了连接
why-sent-away = { $reason }。
why-silent = { $time } 没有收到任何数据
why-lost = 连接中断：{ $reason }

# How a stream is.
late-by = 延迟 { $time }
paused = 已暂停
no-picture = 没有画面
no-picture-for = 已 { $seconds } 秒没有画面
no-signal = 无信号
camera-off = 摄像头已关闭
cannot-decode = 画面无法解码：{ $reason }
frames-per-second = { $rate } 帧/秒
paused-hint = 已暂停 · 按空格键继续
the-end = 播放结束
film-ended = 播放结束 · 按空格键重播
film-no-seek = 该影片不支持跳转，只能从头播放到尾。
own-camera = 我
own-camera-off = 您的摄像头已关闭。按 m 打开。

# Images.
image = 图片
image-of = 第 { $number } 张图片，共 { $count } 张
image-hint = s 保存 · x 关闭
cannot-show = 无法显示：{ $reason }

# The conversation.
conversation = 对话
nothing-said = 还没有人说话。您写的内容会发给这里的每个人。
entry-hint = 回车发送 · Esc 关闭
me = 我
somebody = 某人
unreadable-text = （无法读取的文本，{ $bytes } 字节）
leaving = 正在发送
left = 已发送
not-left = 未能发送
newer-below = 下面有新消息
too-long = 内容太长，无法作为一条消息发送。

# The keys.
keys = 按键
key-enlarge = 放大一路画面，也可以点击它
key-next = 下一路画面
key-all = 显示全部画面
key-say = 说点什么
key-history = 查看说过的话
key-save = 保存当前画面
key-record = 开始或停止录制
key-copy = 复制画面
key-camera = 打开或关闭您的摄像头
key-pause = 暂停或继续
key-seek = 后退或前进 5 秒
key-seek-far = 后退或前进 30 秒
key-ends = 跳到开头或结尾
key-numbers = 显示数据
key-dismiss = 收起图片
key-help = 显示这些按键
key-quit = 退出

# The buttons.
button-say = 说话
button-save = 保存
button-record = 录制
button-stop = 停止
button-camera = 摄像头
button-numbers = 数据
button-help = 按键
button-all = 全部

# What the program tells of what it did.
saved-as = 已保存为 { $path }
nothing-to-save = 还没有可以保存的画面
cannot-save = 未能保存：{ $reason }
copied = 已复制
cannot-copy = 未能复制：{ $reason }
recording = 正在录制
recording-started = 正在录制到 { $path }
recording-saved = 已将 { $time } 录制到 { $path }
recording-empty = 没有收到画面，因此没有录制文件
recording-failed = 录制已停止：{ $reason }

# The numbers.
numbers = 数据
round-trip = 往返时间
unknown = 未知
rate = 每秒帧数
age = 画面延迟
decoding = 解码
received = 接收
quality = JPEG 质量
shown = 已显示
left-out-by-sender = 发送方略去
lost-on-the-way = 途中丢失
replaced-here = 在此被更新的帧取代
damaged-here = 无法解码
age-graph = 最近一分钟的延迟
rate-graph = 最近一分钟的每秒帧数

# In a terminal.
terminal-keys = t 说话 · s 保存 · r 录制 · h 按键 · q 退出
terminal-film-keys = 空格 暂停 · ← → 5 秒 · s 保存 · h 按键 · q 退出

# The dashboard of a relay.
dashboard-clients = 客户端：{ $count } · 已运行 { $up }
dashboard-traffic = 流入 { $in } · 流出 { $out }，每秒 { $messages } 条消息 · 丢帧：{ $lost } · 拒绝：{ $refused }
dashboard-open = 对所有人开放
dashboard-key = 需要密钥
dashboard-tls = TLS，对所有人开放
dashboard-key-and-tls = 需要密钥，TLS
dashboard-nobody = 还没有人。
dashboard-client = 客户端
dashboard-name = 画面
dashboard-sends = 发送
dashboard-gets = 接收
dashboard-lost = 丢帧
dashboard-state = 状态
dashboard-slow = 慢
dashboard-both = 通话中
dashboard-sending = 发送中
dashboard-viewing = 观看中
dashboard-idle = 空闲
dashboard-by-came = 客户端，按到达顺序
dashboard-by-sends = 客户端，发送最多的在前
dashboard-by-lost = 客户端，丢帧最多的在前
dashboard-log = 日志
dashboard-keys = q 退出 · s 排序 · 方向键滚动 · h 帮助
dashboard-help =
    q      结束中继；客户端有一秒钟取走剩余的数据
    s      按到达、发送、丢帧排序
    方向键和 PgUp、PgDn 滚动
    画面延迟：从摄像头到居中的那位观看者。
    丢帧：对慢的客户端，被更新的帧取代的帧。
