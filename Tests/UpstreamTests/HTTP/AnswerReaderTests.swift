import NIOCore
import Primitives
import TestSupport
import Testing
import Upstream

struct AnswerReaderTests {
    /// All that a reader makes of an answer.
    private struct Read: Equatable {
        var status: Int?
        var headers = HeaderFields()
        var isKept: Bool?
        var body: [UInt8] = []
        var isOver = false
        var mayEndHere = false
        var fault: AnswerFault?
        /// Bytes behind the answer.
        var left: [UInt8] = []
    }

    /// Feeds an answer in pieces whose lengths `next` says.
    private func read(
        _ text: String, method: String = "GET", headBytesMax: Int = 1024, headerCountMax: Int = 16,
        piece next: () -> Int = { .max }
    ) -> Read {
        var reader = AnswerReader(headBytesMax: headBytesMax, headerCountMax: headerCountMax)
        reader.expectAnswer(to: method)
        var read = Read()
        var rest = Array(text.utf8)[...]
        var input = ByteBuffer()
        while !rest.isEmpty, !read.isOver, read.fault == nil {
            let piece = rest.prefix(min(max(next(), 1), rest.count))
            rest = rest.dropFirst(piece.count)
            input.writeBytes(piece)
            self.take(&reader, &input, &read)
        }
        read.left = Array(input.readableBytesView) + rest
        read.mayEndHere = reader.mayEndHere
        return read
    }

    private func take(_ reader: inout AnswerReader, _ input: inout ByteBuffer, _ read: inout Read) {
        do throws(AnswerFault) {
            while true {
                switch try reader.next(&input) {
                case .head(let head, let isKept):
                    (read.status, read.headers, read.isKept) = (head.status, head.headers, isKept)
                case .bytes(let count): read.body += input.readBytes(length: count) ?? []
                case .end:
                    read.isOver = true
                    return
                case .incomplete: return
                }
            }
        } catch {
            read.fault = error
        }
    }

    @Test func `a body ends where its length says`() {
        let read = self.read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c\t\r\n\r\nhelloHTTP")
        #expect(read.status == 200)
        #expect(read.headers == ["Content-Length": "5", "X-A": "b c"])
        #expect(read.isKept == true)
        #expect(read.body == Array("hello".utf8))
        #expect(read.isOver)
        #expect(read.left == Array("HTTP".utf8))
    }

    @Test func `chunks are put together, extensions and trailers dropped`() {
        let read = self.read(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A \r\n0123456789\r\n0\r\nX: y\r\n\r\n"
        )
        #expect(read.body == Array("abc0123456789".utf8))
        #expect(read.isOver)
        #expect(read.fault == nil)
    }

    @Test func `without a length the body ends with the connection`() {
        let read = self.read("HTTP/1.1 200 OK\r\n\r\nall that comes")
        #expect(read.body == Array("all that comes".utf8))
        #expect(!read.isOver)
        #expect(read.mayEndHere)
        #expect(read.isKept == false)
    }

    @Test(arguments: [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ])
    func `some answers have no body`(_ method: String, _ text: String) {
        let read = self.read(text + "more", method: method)
        #expect(read.isOver)
        #expect(read.body.isEmpty)
        #expect(read.left == Array("more".utf8))
    }

    @Test func `answers that announce another are passed over, up to a bound`() {
        let announcement = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        #expect(self.read("HTTP/1.1 100 Continue\r\n\r\n" + announcement + answer).status == 200)
        #expect(self.read(String(repeating: announcement, count: 33) + answer).fault != nil)
        #expect(self.read("HTTP/1.1 101 Switching Protocols\r\n\r\n").fault != nil)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: a, Keep-Alive\r\n\r\n", true),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", true),
    ])
    func `the head says whether the connection lives on`(_ text: String, _ isKept: Bool) {
        let read = self.read(text)
        #expect(read.isKept == isKept)
        #expect(read.isOver)
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nA: b\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n\rContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\rContent-Length: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\u{0}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1,1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1111111111111111\r\n",
    ])
    func `what could be read in two ways is refused`(_ text: String) {
        #expect(self.read(text).fault != nil)
        #expect(self.read(text, piece: { 1 }).fault != nil)
    }

    @Test func `heads, lines and trailers have bounds, also while they come`() {
        let long = String(repeating: "a", count: 5000)
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let fields = (0..<17).map { "A\($0): b\r\n" }.joined()
        for text in ["HTTP/1.1 200 OK\r\nA: \(long)", chunked + "1;\(long)", chunked + "0\r\nA: \(long)", long] {
            #expect(self.read(text, piece: { 7 }).fault != nil)
        }
        #expect(self.read("HTTP/1.1 200 OK\r\n\(fields)\r\n").fault?.text == "it has too many header fields")
    }

    /// Answers that the mutations begin with.
    private static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;x=y\r\nabcde\r\n0\r\nT: u\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.0 200 OK\r\nServer: é\r\n\r\nuntil the end",
    ]

    @Test func `however bytes are changed and cut up, the same is read, and within bounds`() {
        let random = SeededRandomSource(seed: SeededRandomSource.testSeed(0x5EED))
        func number(_ below: Int) -> Int { Int(random.next() % UInt64(below)) }
        let alphabet = Array("\r\n :;,0123456789abcdefxHTP/.\t\u{0}".utf8)
        for _ in 0..<4000 {
            var bytes = Array(Self.answers[number(Self.answers.count)].utf8)
            for _ in 0..<number(4) {
                let place = number(bytes.count)
                switch number(3) {
                case 0: bytes[place] = alphabet[number(alphabet.count)]
                case 1: bytes.insert(alphabet[number(alphabet.count)], at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let whole = self.read(text)
            let cut = self.read(text, piece: { 1 + number(9) })
            #expect(whole.body.count <= text.utf8.count)
            // A fault behind the body's first bytes is found in both, after as many of them.
            #expect(whole == cut, "\(text.debugDescription)")
        }
    }
}
