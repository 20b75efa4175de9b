// The Qt peer: behaves like an old Qt program at the other end of pulsecam's wire.
//
// Qt's own QDataStream writes and reads every byte on the wire, so the Rust side is tested against
// the original and not against a second reading of its own documents. See README.md for how to
// build it (no moc), its usage and its output.

#include <QtCore>
#include <QtGui/QImage>
#include <QtNetwork>
#include <cstdio>
#include <iostream>
#include <unistd.h>

// ---- The wire ------------------------------------------------------------------------------------------

enum MessageType { Text = 1, Image = 2, Video = 3, Heartbeat = 100 };

struct MessageData
{
    qint32 size = 0;          // bytes that follow this field; recomputed when written
    qint32 type = 0;
    QString description = ""; // empty and not null, as in the original
    QByteArray payload;       // null
};

static const qint32 minimumSize = 12; // type and two lengths

QDataStream &operator<<(QDataStream &out, const MessageData &message)
{
    // Null and empty have different length fields, and both take no more than that field.
    const qint32 size = minimumSize + 2 * message.description.size() + message.payload.size();
    return out << size << message.type << message.description << message.payload;
}

QDataStream &operator>>(QDataStream &in, MessageData &message)
{
    return in >> message.size >> message.type >> message.description >> message.payload;
}

template <class Value> QByteArray streamed(const Value &value)
{
    QByteArray bytes;
    QDataStream out(&bytes, QIODevice::WriteOnly);
    out << value;
    return bytes;
}

// Decodes one whole message. Returns what is wrong with it, or an empty string.
static QString decode(const QByteArray &bytes, MessageData &message)
{
    QDataStream in(bytes);
    in >> message;
    if (in.status() != QDataStream::Ok)
        return in.status() == QDataStream::ReadPastEnd ? "a field extends past the end" : "corrupt";
    if (!in.atEnd())
        return "bytes are left after the payload";
    if (message.size != bytes.size() - 4)
        return QString("size is %1, but %2 bytes follow").arg(message.size).arg(bytes.size() - 4);
    return {};
}

// ---- The messages --------------------------------------------------------------------------------------

static MessageData text(const QString &text) { return {0, Text, "this is text", streamed(text)}; }
static MessageData image(const QByteArray &jpeg) { return {0, Image, "this is image", jpeg}; }
static MessageData video(const QByteArray &jpeg) { return {0, Video, "this is video image", jpeg}; }

static const MessageData clientHeartbeat{0, Heartbeat, "This is a heartbeat msg to server.",
                                         streamed(QString(""))};

// A C string, unlike the client's: its length counts the closing NUL.
static const MessageData serverHeartbeat{0, Heartbeat, "This is a message of heartbeat from server.",
                                         streamed<const char *>("")};

// A picture that cannot be encoded gives a null array, which is sent as such.
static QByteArray jpeg(const QImage &picture)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    return picture.save(&buffer, "JPEG", 75) ? bytes : QByteArray();
}

// ---- Output --------------------------------------------------------------------------------------------

// A test waits for this line: flush it.
static void print(const QByteArray &line)
{
    fwrite(line.constData(), 1, line.size(), stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

static void print(const char *event, QJsonObject facts)
{
    facts["event"] = event;
    print(QJsonDocument(facts).toJson(QJsonDocument::Compact));
}

static QString sha1(const QByteArray &bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha1).toHex();
}

// Most JSON readers reject lone surrogates: they become '?', and the UTF-16 units beside it, in
// hex, lose nothing.
static void addString(QJsonObject &facts, const QString &name, const QString &value)
{
    QByteArray units;
    QDataStream out(&units, QIODevice::WriteOnly);
    for (QChar unit : value)
        out << quint16(unit.unicode());
    facts[name] = QString::fromUtf8(value.toUtf8());
    facts[name + "_null"] = value.isNull();
    facts[name + "_utf16"] = QString(units.toHex());
}

static QJsonObject describe(const MessageData &message)
{
    QJsonObject facts{{"type", message.type},
                      {"payload_size", message.payload.size()},
                      {"payload_null", message.payload.isNull()},
                      {"payload_sha1", sha1(message.payload)}};
    addString(facts, "description", message.description);
    if (message.type == Text) {
        QString text;
        QDataStream in(message.payload);
        in >> text;
        if (in.status() == QDataStream::Ok && in.atEnd())
            addString(facts, "text", text);
        else
            facts["text_error"] = "the payload is not one QString";
    }
    return facts;
}

static QJsonArray averageColour(const QImage &picture, int fromX, int toX)
{
    double red = 0, green = 0, blue = 0, pixels = 0; // scaling to one pixel would be shorter, but is off by 5
    for (int y = 0; y < picture.height(); ++y) {
        const QRgb *line = reinterpret_cast<const QRgb *>(picture.constScanLine(y));
        for (int x = fromX; x < toX; ++x, ++pixels) {
            red += qRed(line[x]);
            green += qGreen(line[x]);
            blue += qBlue(line[x]);
        }
    }
    return {qRound(red / pixels), qRound(green / pixels), qRound(blue / pixels)};
}

// What Qt sees in a picture: width and height, 0 if there is none, and else the pixels' digest and
// each half's colour.
static void addPicture(QJsonObject &facts, const QByteArray &jpeg)
{
    const QImage picture = QImage::fromData(jpeg).convertToFormat(QImage::Format_RGB32);
    facts["width"] = picture.width();
    facts["height"] = picture.height();
    if (picture.width() < 2)
        return;
    facts["pixels_sha1"] = sha1(QByteArray::fromRawData(reinterpret_cast<const char *>(picture.constBits()),
                                                        int(picture.sizeInBytes())));
    facts["left"] = averageColour(picture, 0, picture.width() / 2);
    facts["right"] = averageColour(picture, picture.width() / 2, picture.width());
}

// ---- Sockets and commands ------------------------------------------------------------------------------

// Passes every complete message in the socket's buffer to `handle`. Incomplete data stays there
// until more arrives: each socket has its own buffer, so two senders' data never mix. A loop,
// because recursion would overflow the stack on thousands of tiny messages. Malformed data ends the
// connection, and is reported with the facts in `who`.
template <class Handle> void receive(QTcpSocket *socket, QJsonObject who, Handle handle)
{
    while (socket->bytesAvailable() >= 4) {
        qint32 size;
        QDataStream(socket->peek(4)) >> size;
        if (socket->bytesAvailable() < 4 + qint64(size))
            return;
        MessageData message;
        const QString fault = decode(socket->read(4 + qint64(qMax(0, size))), message);
        if (!fault.isEmpty()) {
            who["why"] = fault;
            print("malformed", who);
            return socket->abort();
        }
        handle(message);
    }
}

// Why it was disconnected; Qt reports an unknown error if this side closed.
static QString why(const QTcpSocket *socket)
{
    const bool closedHere = socket->error() == QAbstractSocket::UnknownSocketError;
    return closedHere ? "closed on this side" : socket->errorString();
}

using Sockets = QList<QTcpSocket *>;

static void write(QTcpSocket *socket, const MessageData &message)
{
    QDataStream out(socket);
    out << message;
}

static void send(const Sockets &sockets, const MessageData &message)
{
    for (QTcpSocket *socket : sockets)
        write(socket, message);
    print("sent", describe(message));
}

// Sends the first at once, the others on a timer. Calls `sockets` each time, because they come and
// go.
static void repeat(const std::function<Sockets()> &sockets, const MessageData &message, int count,
                   int interval)
{
    if (count < 1)
        return;
    send(sockets(), message);
    const auto next = [=] { repeat(sockets, message, count - 1, interval); };
    QTimer::singleShot(interval, Qt::PreciseTimer, qApp, next);
}

// Executes a command that both modes know. Returns false if it is not one.
static bool sendCommand(const QString &line, const std::function<Sockets()> &sockets,
                        const MessageData &heartbeat)
{
    const QString word = line.section(' ', 0, 0), rest = line.section(' ', 1);
    if (word == "text") {
        send(sockets(), text(rest.isNull() ? QString("") : rest));
    } else if (word == "image") {
        send(sockets(), image(jpeg(QImage(rest))));
    } else if (word == "video" || word == "raw-video") {
        const QStringList words = rest.split(' ');
        QFile file(words[0]);
        if (word == "raw-video" && !file.open(QIODevice::ReadOnly))
            return false;
        const QByteArray payload = word == "video" ? jpeg(QImage(words[0])) : file.readAll();
        const int count = words.size() > 1 ? words[1].toInt() : 1;
        const int interval = words.size() > 2 ? words[2].toInt() : 33;
        repeat(sockets, video(payload), count, interval);
    } else if (word == "heartbeat") {
        send(sockets(), heartbeat);
    } else if (word == "hex") {
        const QByteArray bytes = QByteArray::fromHex(rest.toLatin1());
        if (bytes.toHex() != rest.toLatin1().toLower())
            return false;
        for (QTcpSocket *socket : sockets())
            QDataStream(socket).writeRawData(bytes.constData(), bytes.size());
        print("sent", {{"raw_bytes", bytes.size()}});
    } else {
        return false;
    }
    return true;
}

// Calls `command`, which returns whether it understood, for each line of standard input except
// `quit`. The end of input quits too: a peer never outlives the test that started it.
static void readCommands(const std::function<bool(const QString &)> &command)
{
    auto *notifier = new QSocketNotifier(STDIN_FILENO, QSocketNotifier::Read, qApp);
    auto pending = QSharedPointer<QByteArray>::create();
    QObject::connect(notifier, &QSocketNotifier::activated, [=] {
        char chunk[1 << 16];
        const ssize_t got = ::read(STDIN_FILENO, chunk, sizeof chunk);
        if (got > 0)
            pending->append(chunk, int(got));
        else if (!pending->isEmpty())
            pending->append('\n'); // the last line may lack one
        for (int end; (end = pending->indexOf('\n')) >= 0; pending->remove(0, end + 1)) {
            const QString line = QString::fromUtf8(pending->constData(), end);
            if (line == "quit")
                return QCoreApplication::quit();
            if (!command(line))
                print("bad-command", {{"line", line}});
        }
        if (got <= 0) {
            notifier->setEnabled(false);
            QCoreApplication::quit();
        }
    });
}

// Sends what was written before the process exits, with a time limit: the other end may not be
// reading.
static void drain(const Sockets &sockets)
{
    const QDeadlineTimer deadline(2000);
    const auto left = [&deadline] { return int(deadline.remainingTime()); };
    for (QTcpSocket *socket : sockets) {
        if (socket->state() != QAbstractSocket::UnconnectedState)
            socket->waitForConnected(left());
        while (socket->bytesToWrite() > 0 && socket->waitForBytesWritten(left())) {
        }
        // Under TLS, the loop above waits for the plain text, and encrypted bytes may still be
        // pending.
        auto *secure = dynamic_cast<QSslSocket *>(socket);
        while (secure && secure->encryptedBytesToWrite() > 0 && secure->waitForBytesWritten(left())) {
        }
        if (socket->state() == QAbstractSocket::ConnectedState)
            socket->disconnectFromHost();
    }
}

// ---- The modes -----------------------------------------------------------------------------------------

static int golden()
{
    const QByteArray bytes("\x01\x02\x03");
    const auto line = [](const char *name, const MessageData &message) {
        print(QByteArray(name) + ' ' + streamed(message).toHex());
    };
    line("default", MessageData());
    line("text-hello", text("hello"));
    line("text-chinese", text("你好，世界"));
    line("text-emoji", text("📷🙂"));
    line("text-right-to-left", text("שלום"));
    line("text-empty", text(""));
    line("text-null", text(QString()));
    line("text-lone-surrogate", text(QString(QChar(0xD800))));
    line("text-embedded-nul", text(QString("a%1b").arg(QChar('\0'))));
    line("image-3-bytes", image(bytes));
    line("image-null-payload", image(QByteArray()));
    line("image-empty-payload", image(QByteArray("")));
    line("video-4-bytes", video(QByteArray("\xff\xd8\xff\xd9")));
    const QString attributes = "; stream=cam; seq=7; captured=1";
    line("video-attributes", {0, Video, "this is video image" + attributes, "\xff\xd8\xff\xd9"});
    line("heartbeat-client", clientHeartbeat);
    line("heartbeat-server", serverHeartbeat);
    line("type-42-null-description", {0, 42, QString(), bytes});
    line("type-42-empty-description", {0, 42, "", bytes});
    return 0;
}

static int parse()
{
    for (std::string line; std::getline(std::cin, line);) {
        const QByteArray hex = QByteArray::fromStdString(line), bytes = QByteArray::fromHex(hex);
        MessageData message;
        const QString fault = bytes.toHex() == hex.toLower() ? decode(bytes, message) : "not hex";
        if (!fault.isEmpty()) {
            print("malformed", {{"why", fault}});
            continue;
        }
        QJsonObject facts = describe(message);
        facts["same_again"] = streamed(message) == bytes;
        print("message", facts);
    }
    return 0;
}

// With a file of certificates, it uses TLS: an old program has to change only this socket's class
// and how it connects.
static int client(const QString &host, quint16 port, int heartbeatInterval, const QString &authority)
{
    QTimer heartbeat;
    bool wasConnected = false;
    QSslSocket socket; // last, so that what its signals touch outlives it
    const bool secure = !authority.isEmpty();
    if (secure) {
        QSslConfiguration trust = QSslConfiguration::defaultConfiguration();
        trust.setCaCertificates(QSslCertificate::fromPath(authority));
        socket.setSslConfiguration(trust);
    }
    const auto sockets = [&socket] { return Sockets{&socket}; };
    QObject::connect(&heartbeat, &QTimer::timeout, [&] { send(sockets(), clientHeartbeat); });
    const auto ready = [&] {
        wasConnected = true;
        print(QByteArray("connected"));
        if (heartbeatInterval > 0)
            heartbeat.start(heartbeatInterval);
    };
    if (secure)
        QObject::connect(&socket, &QSslSocket::encrypted, ready);
    else
        QObject::connect(&socket, &QTcpSocket::connected, ready);
    QObject::connect(&socket, &QTcpSocket::readyRead, [&] {
        receive(&socket, {}, [](const MessageData &message) {
            QJsonObject facts = describe(message);
            if (message.type == Image || message.type == Video)
                addPicture(facts, message.payload);
            print(message.type == Heartbeat ? "heartbeat" : "message", facts);
        });
    });
    QObject::connect(&socket, &QTcpSocket::disconnected, [&] {
        heartbeat.stop();
        print("disconnected", {{"why", why(&socket)}});
        QCoreApplication::quit();
    });
    QObject::connect(&socket, &QTcpSocket::errorOccurred, [&] {
        if (wasConnected)
            return; // `disconnected` follows
        print("failed", {{"why", socket.errorString()}});
        QCoreApplication::exit(1);
    });
    // Inside the event loop: an error before it would not end it.
    QTimer::singleShot(0, [&] {
        if (secure)
            socket.connectToHostEncrypted(host, port);
        else
            socket.connectToHost(host, port);
        // What is written before the connection is established waits in the socket's buffer.
        readCommands([&](const QString &line) { return sendCommand(line, sockets, clientHeartbeat); });
    });
    const int code = QCoreApplication::exec();
    drain(sockets());
    return code;
}

static int relay(quint16 port, bool reencode, bool quiet)
{
    QMap<int, QTcpSocket *> clients; // by the number that the events name
    int lastNumber = 0;
    bool answersHeartbeats = true;
    QTcpServer server; // last: it owns the sockets, and what their signals touch must outlive them
    const auto pass = [&](int from, MessageData message) {
        // Describing a message costs more than relaying it, so a relay under measurement does not.
        QJsonObject facts = quiet ? QJsonObject() : describe(message);
        const auto tell = [&](const char *event) {
            if (!quiet)
                print(event, facts);
        };
        facts["client"] = from;
        if (message.type == Heartbeat) {
            facts["answered"] = answersHeartbeats;
            if (answersHeartbeats)
                write(clients.value(from), serverHeartbeat);
            return tell("heartbeat");
        }
        if (reencode && message.type == Video) {
            message.payload = jpeg(QImage::fromData(message.payload));
            facts["reencoded_size"] = message.payload.size();
            facts["reencoded_sha1"] = sha1(message.payload);
        }
        auto others = clients;
        others.remove(from);
        if (message.type < Text || message.type > Video)
            others.clear(); // the original relays no other types
        for (QTcpSocket *other : others)
            write(other, message);
        facts["passed_to"] = others.size();
        tell("message");
    };
    QObject::connect(&server, &QTcpServer::newConnection, [&] {
        while (QTcpSocket *socket = server.nextPendingConnection()) {
            const int number = ++lastNumber;
            clients[number] = socket;
            print("joined", {{"client", number}, {"port", socket->peerPort()}});
            QObject::connect(socket, &QTcpSocket::readyRead, [=, &pass] {
                const auto passOn = [=, &pass](const MessageData &message) { pass(number, message); };
                receive(socket, {{"client", number}}, passOn);
            });
            QObject::connect(socket, &QTcpSocket::disconnected, [=, &clients] {
                clients.remove(number);
                print("left", {{"client", number}, {"why", why(socket)}});
                socket->deleteLater();
            });
        }
    });
    if (!server.listen(QHostAddress::LocalHost, port)) {
        print("failed", {{"why", server.errorString()}});
        return 1;
    }
    print("listening " + QByteArray::number(server.serverPort()));
    const auto sockets = [&clients] { return Sockets(clients.values()); };
    readCommands([&](const QString &line) {
        if (line == "pause" || line == "resume") {
            answersHeartbeats = line == "resume";
        } else if (line == "close") {
            for (QTcpSocket *socket : sockets())
                socket->disconnectFromHost();
        } else {
            return sendCommand(line, sockets, serverHeartbeat);
        }
        return true;
    });
    const int code = QCoreApplication::exec();
    drain(sockets());
    return code;
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv); // enough for QImage: no window, no display
    QCommandLineParser parser;
    const QCommandLineOption heartbeat("heartbeat", "client: milliseconds, 0 for never", "ms", "3000");
    const QCommandLineOption tls("tls", "client: TLS, trusting the certificates in this file", "file");
    const QCommandLineOption reencode("reencode", "relay: decode and encode every video frame");
    const QCommandLineOption quiet("quiet", "relay: print nothing about messages, for measurements");
    parser.addOptions({heartbeat, tls, reencode, quiet});
    parser.process(app);
    const QStringList words = parser.positionalArguments();
    const QString mode = words.value(0);
    if (mode == "golden" && words.size() == 1)
        return golden();
    if (mode == "parse" && words.size() == 1)
        return parse();
    if (mode == "client" && words.size() == 3)
        return client(words[1], words[2].toUShort(), parser.value(heartbeat).toInt(), parser.value(tls));
    if (mode == "relay" && words.size() == 2)
        return relay(words[1].toUShort(), parser.isSet(reencode), parser.isSet(quiet));
    fputs("usage: peer golden | parse | client HOST PORT [--heartbeat MS] [--tls FILE] | relay PORT [--reencode] [--quiet]\n", stderr);
    return 2;
}
