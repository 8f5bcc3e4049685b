import Primitives
import Signing
import Testing

@Suite struct ChunkedPayloadTests {
    private static let payload = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)

    /// Verifies a head and gives the verifier of its body.
    private static func verifier(
        _ head: RequestHead, limits: ChunkLimits = ChunkLimits(), now: Timestamp = Fixture.s3Now
    ) throws -> ChunkedPayloadVerifier {
        let verified = try verify(
            head, .streamed, credential: Fixture.s3Credential, rules: .s3, now: now)
        guard case .chunks(let seed) = verified.obligation else {
            throw SigningError.contentHashMissing
        }
        return try ChunkedPayloadVerifier(seed, headers: head.headers, limits: limits)
    }

    /// Gives `wire` in pieces that end at `cuts`.
    private static func run(
        _ verifier: ChunkedPayloadVerifier, _ wire: [UInt8], cuts: [Int] = []
    ) -> (output: [UInt8], error: ChunkedPayloadError?, verifier: ChunkedPayloadVerifier) {
        var verifier = verifier
        var output: [UInt8] = []
        var start = 0
        do throws(ChunkedPayloadError) {
            for end in cuts + [wire.count] {
                try verifier.push(wire[start..<end].span, into: &output)
                start = end
            }
            try verifier.finish()
        } catch {
            return (output, error, verifier)
        }
        return (output, nil, verifier)
    }

    /// S3 API Reference, "Transferring Payload in Multiple Chunks (Chunked Upload)".
    private static let documented = RequestHead(
        method: "PUT", path: "/examplebucket/chunkObject.txt",
        headers: [
            "Host": "s3.amazonaws.com", "x-amz-date": "20130524T000000Z", "x-amz-storage-class": "REDUCED_REDUNDANCY",
            "Authorization":
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="
                + "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
                + "x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": "66560", "Content-Length": "66824",
        ])

    /// S3 API Reference, "… Including Trailing Headers (Chunked Upload)".
    private static let documentedTrailer = RequestHead(
        method: "PUT", path: "/examplebucket/chunkObject.txt",
        headers: [
            "Host": "s3.amazonaws.com", "x-amz-date": "20130524T000000Z", "x-amz-storage-class": "REDUCED_REDUNDANCY",
            "Authorization":
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="
                + "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
                + "x-amz-storage-class;x-amz-trailer,"
                + "Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": "66560", "x-amz-trailer": "x-amz-checksum-crc32c",
        ])

    private static func wire(_ signatures: [String], _ end: String) -> [UInt8] {
        Array("10000;chunk-signature=\(signatures[0])\r\n".utf8) + Self.payload[..<65_536]
            + Array("\r\n400;chunk-signature=\(signatures[1])\r\n".utf8) + Self.payload[65_536...]
            + Array("\r\n0;chunk-signature=\(signatures[2])\r\n".utf8) + Array(end.utf8)
    }

    private static let documentedWire = wire(
        [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ], "\r\n")

    private static func trailerWire(_ end: String) -> [UInt8] {
        self.wire(
            [
                "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
            ], end)
    }

    private static let trailerSignature =
        "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"

    @Test func `the chunks of AWS's documentation are proven`() throws {
        #expect(Self.documentedWire.count == 66_824)
        let result = Self.run(try Self.verifier(Self.documented), Self.documentedWire)
        #expect(result.error == nil)
        #expect(result.output == Self.payload)
    }

    @Test(arguments: [
        "x-amz-checksum-crc32c:sOO8/Q==\r\n" + trailerSignature + "\r\n",
        "x-amz-checksum-crc32c:sOO8/Q==\r\n" + trailerSignature,
        // The newline that the documentation shows before the line's end.
        "x-amz-checksum-crc32c:sOO8/Q==\n\r\n" + trailerSignature + "\r\n",
        "X-Amz-Checksum-Crc32c: sOO8/Q== \r\n" + trailerSignature + "\r\n",
    ])
    func `the trailer of AWS's documentation is proven`(_ end: String) throws {
        let result = Self.run(try Self.verifier(Self.documentedTrailer), Self.trailerWire(end))
        #expect(result.error == nil)
        #expect(result.output == Self.payload)
        #expect(result.verifier.checksum?.algorithm == .crc32c)
        #expect(result.verifier.checksum?.base64 == "sOO8/Q==")
    }

    @Test(arguments: [
        ("x-amz-checksum-crc32c:sOO8/R==\r\n" + trailerSignature + "\r\n", ChunkedPayloadError.signatureMismatch),
        ("x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n", .malformedTrailer),
        (trailerSignature + "\r\n", .signatureMismatch),
        ("x-amz-checksum-crc32:sOO8/Q==\r\n" + trailerSignature + "\r\n", .malformedTrailer),
        ("\r\n", .malformedTrailer), ("", .lengthMismatch), ("x-amz-checksum-crc32c:sOO8/Q==\r\n", .lengthMismatch),
        ("x-amz-checksum-crc32c:sOO8/Q==\r\n" + trailerSignature + "x:y\r\n\r\n", .malformedTrailer),
        ("x-amz-checksum-crc32c:sOO8/Q==\r\n" + trailerSignature + "\r\nx", .lengthMismatch),
        ("x-amz-checksum-crc32c:" + String(repeating: "a", count: 1024), .malformedTrailer),
    ])
    func `a changed trailer is refused`(_ end: String, _ expected: ChunkedPayloadError) throws {
        let result = Self.run(try Self.verifier(Self.documentedTrailer), Self.trailerWire(end))
        #expect(result.error == expected)
    }

    @Test func `no byte comes out of a chunk before its signature is proven`() throws {
        var verifier = try Self.verifier(Self.documented)
        var output: [UInt8] = []
        let wholeChunk = Array(Self.documentedWire[..<(88 + 65_536)])
        let allButOne = Array(wholeChunk.dropLast())
        try verifier.push(allButOne.span, into: &output)
        #expect(output.isEmpty)
        let lastByte = Array(wholeChunk.suffix(1))
        try verifier.push(lastByte.span, into: &output)
        #expect(output.count == 65_536)
        var wire = Self.documentedWire
        wire[1000] ^= 1
        let result = Self.run(try Self.verifier(Self.documented), wire)
        #expect(result.error == .signatureMismatch)
        #expect(result.output.isEmpty)
    }

    /// A small signed upload: payload, head and wire.
    private static func small(
        _ payload: PayloadDeclaration, _ bytes: [UInt8], chunkBytes: Int, trailers: HeaderFields = [:]
    ) throws -> (head: RequestHead, wire: [UInt8]) {
        var head = RequestHead(
            method: "PUT", path: "/b/k",
            headers: ["Host": "localhost", "X-Amz-Decoded-Content-Length": String(bytes.count)])
        for field in trailers.fields { head.headers.append("X-Amz-Trailer", field.name) }
        let signed = try Fixture.signer(Fixture.s3Credential, service: "s3", rules: .s3).sign(
            head, payload: payload, at: Fixture.s3Now)
        var signer = ChunkedPayloadSigner(try #require(signed.seed))
        var wire: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + chunkBytes)
            wire += signer.chunk(Array(bytes[start..<end]))
            start = end
        }
        return (signed.head, wire + signer.end(trailers: trailers))
    }

    private static let kinds: [(PayloadDeclaration, HeaderFields)] = [
        (.signedChunks(hasTrailer: false), [:]),
        (.signedChunks(hasTrailer: true), ["x-amz-checksum-crc32": "AAAAAA=="]),
        (.unsignedChunks, ["x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]),
    ]

    private static var tiny: ChunkLimits {
        var limits = ChunkLimits()
        limits.chunkBytesMin = 1
        return limits
    }

    @Test(arguments: 0..<3) func `a body cut anywhere gives the same payload`(_ kindIndex: Int) throws {
        let (kind, trailers) = Self.kinds[kindIndex]
        let bytes = Array("The quick brown fox jumps over the lazy dog".utf8)
        let (head, wire) = try Self.small(kind, bytes, chunkBytes: 17, trailers: trailers)
        let verifier = try Self.verifier(head, limits: Self.tiny)
        for cut in 0...wire.count {
            let result = Self.run(verifier, wire, cuts: [cut])
            #expect(result.error == nil && result.output == bytes, "cut at \(cut)")
            #expect(result.verifier.trailers.count == trailers.count)
        }
        let single = Self.run(verifier, wire, cuts: Array(1..<wire.count))
        #expect(single.error == nil && single.output == bytes)
    }

    @Test(arguments: 0..<3) func `every changed byte of a body is refused`(_ kindIndex: Int) throws {
        let (kind, trailers) = Self.kinds[kindIndex]
        let bytes = Array("The quick brown fox jumps over the lazy dog".utf8)
        let (head, wire) = try Self.small(kind, bytes, chunkBytes: 20, trailers: trailers)
        let verifier = try Self.verifier(head, limits: Self.tiny)
        for index in wire.indices {
            var changed = wire
            changed[index] ^= 1
            let result = Self.run(verifier, changed)
            if kind == .unsignedChunks {
                // Only the frame is checked here; the payload is the checksum's.
                #expect(result.error != nil || result.output.count == bytes.count, "byte \(index)")
            } else {
                #expect(result.error != nil, "byte \(index)")
                #expect(bytes.starts(with: result.output), "byte \(index): unproven bytes came out")
            }
        }
        for count in wire.indices {
            let result = Self.run(verifier, Array(wire[..<count]))
            // Behind a trailer, clients may leave the last empty line out.
            let isWhole = kind != .signedChunks(hasTrailer: false) && count == wire.count - 2
            #expect((result.error == nil) == isWhole, "cut off at \(count)")
        }
    }

    @Test func `random bodies in random pieces`() throws {
        let seed: UInt64 = 0x5167_0003
        let random = SeededRandomSource(seed: seed)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        for round in 0..<400 {
            let (kind, trailers) = Self.kinds[below(Self.kinds.count)]
            let bytes = random.bytes(below(400))
            let (head, wire) = try Self.small(kind, bytes, chunkBytes: 1 + below(120), trailers: trailers)
            let verifier = try Self.verifier(head, limits: Self.tiny)
            let cuts = (0..<below(12)).map { _ in below(wire.count + 1) }.sorted()
            let good = Self.run(verifier, wire, cuts: cuts)
            #expect(good.error == nil && good.output == bytes, "seed \(seed), round \(round)")

            var changed = wire
            for _ in 0...below(3) where !changed.isEmpty {
                let index = below(changed.count)
                switch below(3) {
                case 0: changed[index] = UInt8(truncatingIfNeeded: random.next())
                case 1: changed.remove(at: index)
                default: changed.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
                }
            }
            let cut = below(changed.count + 1)
            let whole = Self.run(verifier, changed)
            let pieces = Self.run(verifier, changed, cuts: [cut])
            #expect(whole.error == pieces.error && whole.output == pieces.output, "seed \(seed), round \(round)")
            if kind != .unsignedChunks {
                #expect(bytes.starts(with: whole.output), "seed \(seed), round \(round)")
                #expect(whole.error != nil || whole.output == bytes, "seed \(seed), round \(round)")
            }
        }
    }

    @Test func `sizes are bounded, and the bound's last byte is taken`() throws {
        var limits = ChunkLimits()
        limits.chunkBytesMin = 16
        limits.chunkBytesMax = 64
        func error(_ kind: PayloadDeclaration, _ count: Int, chunkBytes: Int) throws -> ChunkedPayloadError? {
            let trailers: HeaderFields = kind == .unsignedChunks ? ["x-amz-checksum-crc32": "AAAAAA=="] : [:]
            let (head, wire) = try Self.small(
                kind, [UInt8](repeating: 7, count: count), chunkBytes: chunkBytes, trailers: trailers)
            return Self.run(try Self.verifier(head, limits: limits), wire).error
        }
        let signed = PayloadDeclaration.signedChunks(hasTrailer: false)
        #expect(try error(signed, 128, chunkBytes: 64) == nil)
        #expect(try error(signed, 128, chunkBytes: 65) == .chunkTooLarge(bytes: 65, bytesMax: 64))
        #expect(try error(.unsignedChunks, 1000, chunkBytes: 1000) == nil)
        #expect(try error(signed, 33, chunkBytes: 16) == nil)
        #expect(try error(signed, 33, chunkBytes: 15) == .chunkTooSmall(number: 1, bytes: 15, bytesMin: 16))
        #expect(try error(.unsignedChunks, 33, chunkBytes: 15) == .chunkTooSmall(number: 1, bytes: 15, bytesMin: 16))
        #expect(try error(signed, 0, chunkBytes: 1) == nil)
    }

    @Test func `the announced length must be the payload's`() throws {
        let bytes = Array("payload".utf8)
        for (text, expected) in [
            ("6", ChunkedPayloadError.lengthMismatch), ("8", .lengthMismatch), ("", .decodedLengthMissing),
            ("-1", .decodedLengthMissing), ("0x7", .decodedLengthMissing),
            ("9999999999999999999", .decodedLengthMissing),
        ] {
            let (head, wire) = try Self.small(.unsignedChunks, bytes, chunkBytes: 7)
            let verified = try verify(
                head, .streamed, credential: Fixture.s3Credential, rules: .s3, now: Fixture.s3Now)
            guard case .chunks(let seed) = verified.obligation else {
                Issue.record("no chunks")
                return
            }
            do throws(ChunkedPayloadError) {
                let headers: HeaderFields = ["x-amz-decoded-content-length": text]
                let verifier = try ChunkedPayloadVerifier(seed, headers: headers)
                #expect(Self.run(verifier, wire).error == expected, "\(text)")
            } catch {
                #expect(error == expected, "\(text)")
            }
        }
    }

    @Test(arguments: [
        "7;x=y\r\npayload\r\n0\r\n\r\n", "7\npayload\r\n0\r\n\r\n", "7 \r\npayload\r\n0\r\n\r\n", "\r\n", "-7\r\n",
        "7\r\npayload0\r\n\r\n", "0000000000000007\r\npayload\r\n0\r\n\r\n", "7\r\npayload\r\n0;a\r\n\r\n", "g\r\n",
    ])
    func `a malformed frame is refused, and stays refused`(_ wire: String) throws {
        let (head, _) = try Self.small(.unsignedChunks, Array("payload".utf8), chunkBytes: 7)
        var verifier = try Self.verifier(head)
        var output: [UInt8] = []
        #expect(throws: ChunkedPayloadError.malformedChunk) {
            try verifier.push(Array(wire.utf8).span, into: &output)
        }
        #expect(throws: ChunkedPayloadError.malformedChunk) {
            try verifier.push([UInt8(ascii: "0")].span, into: &output)
        }
        #expect(throws: ChunkedPayloadError.malformedChunk) { try verifier.finish() }
    }

    @Test func `other services take no chunks`() throws {
        let rules = SigningRules.standard(signingName: "dynamodb")
        let head = try Fixture.signer(rules: rules).sign(
            Fixture.unsigned(), payload: .signedChunks(hasTrailer: false), at: Fixture.now
        ).head
        let error = failure { () throws(SigningError) in try verify(head, .streamed, rules: rules) }
        #expect(error == .contentHashUnsupported("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
    }
}
