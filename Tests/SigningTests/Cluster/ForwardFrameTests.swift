import Primitives
import Signing
import Testing

/// A body in frames, and what becomes of it on the way.
@Suite struct ForwardFrameTests {
    private let fixture: FrameFixture

    init() throws {
        self.fixture = try FrameFixture()
    }

    @Test(arguments: [0, 1, 5, 65_536, 65_537, 200_000], [1, 36, 4096, 1 << 20])
    func `a body comes out as it went in, however it is cut`(_ count: Int, _ cut: Int) throws {
        guard count / cut < 10_000 else { return }
        let body = SeededRandomSource(seed: 1).bytes(count)
        let wire = self.fixture.frames([body]).flatMap { $0 }
        let read = try self.fixture.read(wire, cut: cut)
        #expect(read.body == body)
        #expect(read.principal == FrameFixture.principal)
    }

    @Test func `each piece is a frame, and a long one is several`() throws {
        var writer = self.fixture.writer()
        let overhead = ForwardFrame.overheadBytes
        #expect(writer.frames(of: [1, 2, 3]).count == 3 + overhead)
        #expect(writer.frames(of: []).isEmpty)
        let long = [UInt8](repeating: 7, count: 2 * ForwardFrame.partBytesMax + 1)
        #expect(writer.frames(of: long).count == long.count + 3 * overhead)
        #expect(writer.bodyBytes == 3 + long.count)
        #expect(writer.digest == Digest256(hashing: [1, 2, 3] + long))
    }

    /// Computed apart, with Python's hmac over the same bytes.
    @Test func `the frames have the bytes that the documentation describes`() throws {
        let statement = ForwardStatement(
            issued: Timestamp(secondsSinceEpoch: 1_700_000_000), sender: 7, sequence: 42, requestID: "R-1",
            service: "dynamodb", operation: "GetItem", sourceAddress: "203.0.113.9", isTLS: true, body: .framed)
        let head = RequestHead(
            method: "POST", path: "/a%2Fb", query: "x=1&y=%20",
            headers: ["Host": "localhost:4566", "X-Amz-Target": "DynamoDB_20120810.GetItem"])
        let tag = ForwardProof.seal(statement, for: head, with: self.fixture.key).tag
        let body = Array(#"{"TableName":"t"}"#.utf8)
        let frames = self.fixture.frames([Array(body[..<5]), Array(body[5...])], opening: tag)
        #expect(frames.map { Hex.encode(Array($0[..<4])) } == ["00000005", "0000000c", "01000058"])
        #expect(
            frames.map { Hex.encode(Array($0.suffix(32))) } == [
                "ef5d12d1396146d202822690a67f1e35495478dfab2600ebdc7eceb32a2b3d20",
                "f381d1ef4ff5733ca1aaf8f18246812411b42ab45c9b02b8f2d5fa1d187608d9",
                "3f16978712df926b713b2144d1fd5cafabf1be70d1473472d9764de1c01cf444",
            ])
        #expect(Array(frames[0][4..<9]) == Array(body[..<5]))
        let texts = "4:user12:11112222333334:arn:aws:iam::111122223333:user/ana7:AIDAANA8:AKIAROOT9:eu-west-1"
        #expect(Array(frames[2][4..<92]) == Array(texts.utf8))
    }

    private static let pieces: [[UInt8]] = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 10]]

    @Test(arguments: 0..<5)
    func `an altered frame is refused when it is whole, wherever it was altered`(_ changed: Int) throws {
        let frames = self.fixture.frames(Self.pieces)
        for index in frames[changed].indices where index != 1 && index != 2 && index != 3 {
            var frames = frames
            frames[changed][index] ^= 1
            #expect(self.fixture.refusal(frames) == .frame(UInt64(changed + 1)), "byte \(index)")
        }
    }

    @Test(arguments: 0..<5)
    func `a frame whose length was altered is refused, and nothing behind it is taken`(_ changed: Int) throws {
        for change in [1, 2, 4, 0x100, 0xFFFF, 0x10000] as [UInt32] {
            var frames = self.fixture.frames(Self.pieces)
            let length = UInt32(frames[changed][1]) << 16 | UInt32(frames[changed][2]) << 8 | UInt32(frames[changed][3])
            for (place, shift) in [(1, 16), (2, 8), (3, 0)] as [(Int, UInt32)] {
                frames[changed][place] = UInt8(truncatingIfNeeded: (length ^ change) >> shift)
            }
            let refusal = self.fixture.refusal(frames)
            let number = UInt64(changed + 1)
            #expect(refusal == .frame(number) || refusal == .cutOff(afterFrames: number - 1), "\(change)")
        }
    }

    @Test(arguments: 0..<5)
    func `a frame that was left out, repeated or moved is refused at its place`(_ index: Int) throws {
        let frames = self.fixture.frames(Self.pieces)
        let place = UInt64(index + 1)
        var without = frames
        without.remove(at: index)
        #expect(self.fixture.refusal(without) == (index == 4 ? .cutOff(afterFrames: 4) : .frame(place)))
        var repeated = frames
        repeated.insert(frames[index], at: index)
        #expect(self.fixture.refusal(repeated) == .frame(place + 1))
        guard index < 4 else { return }
        var moved = frames
        moved.swapAt(index, index + 1)
        #expect(self.fixture.refusal(moved) == .frame(place))
    }

    @Test func `a body that is cut off anywhere is none`() throws {
        let wire = self.fixture.frames(Self.pieces).flatMap { $0 }
        for count in wire.indices {
            let reader = self.fixture.reader()
            #expect(throws: ForwardError.self, "after \(count)") {
                var reader = reader
                try reader.take(Array(wire[..<count]))
                _ = try reader.finish()
            }
        }
        #expect(self.fixture.refusal([]) == .cutOff(afterFrames: 0))
    }

    @Test func `frames are good behind their own statement only, and nothing stands behind the last`() throws {
        let frames = self.fixture.frames(Self.pieces)
        #expect(self.fixture.refusal(self.fixture.frames(Self.pieces, opening: Digest256(hashing: [8]))) == .frame(1))
        #expect(self.fixture.refusal(frames + [[0]]) == .frame(6))
        let other = try #require(ClusterKey(bytes: [UInt8](repeating: 9, count: 32)))
        let foreign = FrameFixture(key: other).frames(Self.pieces)
        #expect(self.fixture.refusal(foreign) == .frame(1))
    }

    @Test(
        arguments: [
            // A kind that there is not, a part of nothing or of too much, more texts than there are.
            [2, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 1], [0, 0xFF, 0xFF, 0xFF], [1, 0, 0x40, 1],
        ] as [[UInt8]])
    func `a head that there cannot be is refused before its payload`(_ head: [UInt8]) throws {
        #expect(self.fixture.refusal([head]) == .frame(1))
    }

    @Test func `a body over the service's bound is refused at the head that makes it so`() throws {
        let frames = self.fixture.frames([[1, 2, 3], [4, 5]])
        let wire = frames.flatMap { $0 }
        #expect(try self.fixture.read(wire, bodyBytesMax: 5).body == [1, 2, 3, 4, 5])
        var reader = self.fixture.reader(bodyBytesMax: 4)
        try reader.take(frames[0])
        try reader.take(Array(frames[1][..<3]))
        let refused = reader
        #expect(throws: ForwardError.tooLong) {
            var reader = refused
            try reader.take([frames[1][3]])
        }
    }

    @Test func `what was refused stays so`() throws {
        var frames = self.fixture.frames(Self.pieces)
        frames[1][4] ^= 1
        var reader = self.fixture.reader()
        try reader.take(frames[0])
        var refusals: [ForwardError] = []
        for frame in frames[1...] {
            do throws(ForwardError) { try reader.take(frame) } catch { refusals.append(error) }
        }
        #expect(refusals == [.frame(2), .frame(2), .frame(2), .frame(2)])
        let refused = reader
        #expect(throws: ForwardError.frame(2)) { try refused.finish() }
    }
}

/// Makes frames, and takes them.
struct FrameFixture: Sendable {
    static let principal = ForwardedPrincipal(
        kind: "user", account: "111122223333", arn: "arn:aws:iam::111122223333:user/ana", userID: "AIDAANA",
        accessKeyID: "AKIAROOT", region: "eu-west-1")
    static let opening = Digest256(hashing: [7])

    let key: ClusterKey

    init(key: ClusterKey) {
        self.key = key
    }

    init() throws {
        self.init(key: try #require(ClusterKey(bytes: [UInt8](repeating: 0x0A, count: 32))))
    }

    func writer(opening tag: Digest256 = Self.opening) -> ForwardFrameWriter {
        ForwardFrameWriter(opening: tag, with: self.key)
    }

    func reader(bodyBytesMax: Int = 1 << 20) -> ForwardFrameReader {
        ForwardFrameReader(opening: Self.opening, bodyBytesMax: bodyBytesMax, with: self.key)
    }

    /// What becomes of each piece, and the last frame.
    func frames(_ pieces: [[UInt8]], opening tag: Digest256 = Self.opening) -> [[UInt8]] {
        var writer = self.writer(opening: tag)
        let parts = pieces.map { writer.frames(of: $0) }
        return parts + [writer.last(Self.principal)]
    }

    func read(
        _ wire: [UInt8], cut: Int = .max, bodyBytesMax: Int = 1 << 20
    ) throws(ForwardError) -> (body: [UInt8], principal: ForwardedPrincipal) {
        var reader = self.reader(bodyBytesMax: bodyBytesMax)
        var rest = wire[...]
        while !rest.isEmpty {
            try reader.take(Array(rest.prefix(cut)))
            rest = rest.dropFirst(cut)
        }
        return try reader.finish()
    }

    /// Why this is no body; nil where it is one.
    func refusal(_ frames: [[UInt8]]) -> ForwardError? {
        do throws(ForwardError) {
            _ = try self.read(frames.flatMap { $0 })
            return nil
        } catch {
            return error
        }
    }
}

extension ForwardFrameWriter {
    mutating func frames(of piece: [UInt8]) -> [UInt8] { self.frames(piece.span) }
}

extension ForwardFrameReader {
    mutating func take(_ bytes: [UInt8]) throws(ForwardError) { try self.receive(bytes.span) }
}
