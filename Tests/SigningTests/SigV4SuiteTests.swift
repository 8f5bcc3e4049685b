import Foundation
import Primitives
import Signing
import Testing

/// AWS's SigV4 test suite, as botocore carries it; the folder is not part of the package.
@Suite struct SigV4SuiteTests {
    struct Suite: Decodable {
        struct Case: Decodable {
            let name: String
            let request: String
            let canonicalRequest: String
            let stringToSign: String
            let authorization: String
            let signedRequest: String
        }

        let cases: [Case]
    }

    private static let rules = SigningRules.standard(signingName: "service")

    private static func load() throws -> Suite? {
        let folder =
            ProcessInfo.processInfo.environment["BRUME_PROTOCOL_CASES"]
            ?? URL(filePath: #filePath).appending(path: "../../../../shared/protocol-cases").standardized.path()
        let file = URL(filePath: folder).appending(path: "sigv4.json")
        guard FileManager.default.fileExists(atPath: file.path()) else {
            print("SigV4SuiteTests: skipped, there is no \(file.path()) (set BRUME_PROTOCOL_CASES)")
            return nil
        }
        return try JSONDecoder().decode(Suite.self, from: Data(contentsOf: file))
    }

    /// A request as text; a line that begins with a space goes on with the value before it.
    private static func head(_ text: String) throws -> (RequestHead, body: [UInt8]) {
        let halves = text.components(separatedBy: "\n\n")
        let lines = halves[0].split(separator: "\n")
        let first = try #require(lines.first)
        let space = try #require(first.firstIndex(of: " "))
        let target = first[first.index(after: space)...].replacingOccurrences(of: " HTTP/1.1", with: "")
        var fields: [HeaderFields.Field] = []
        for line in lines.dropFirst() {
            if line.hasPrefix(" "), let last = fields.popLast() {
                fields.append(.init(last.name, last.value + "\n" + line))
            } else {
                let colon = try #require(line.firstIndex(of: ":"))
                // The space behind the colon is HTTP's, not the value's.
                fields.append(
                    .init(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " })))
            }
        }
        let head = RequestHead(method: String(first[..<space]), target: target, headers: HeaderFields(fields))
        return (head, halves.count > 1 ? Array(halves[1].utf8) : [])
    }

    private static func credential(_ head: RequestHead, secret: String = Fixture.secret) -> SigningCredential {
        SigningCredential(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret,
            sessionToken: head.headers.first("x-amz-security-token")
        )
    }

    @Test func `every case of AWS's suite is verified, with AWS's canonical strings`() throws {
        guard let suite = try Self.load() else { return }
        #expect(suite.cases.count >= 34)
        for item in suite.cases {
            var (head, body) = try Self.head(item.signedRequest)
            // One case's signed request carries another case's signature; `authorization` is right in all of them.
            head.headers.remove("authorization")
            head.headers.append("Authorization", item.authorization)
            let credential = Self.credential(head)
            let error = failure { () throws(SigningError) in
                try verify(head, .bytes(body), credential: credential, rules: Self.rules)
            }
            #expect(error == nil, "\(item.name)")

            let wrong = Self.credential(head, secret: "another")
            let mismatch = failure { () throws(SigningError) in
                try verify(head, .bytes(body), credential: wrong, rules: Self.rules)
            }?.mismatch
            #expect(mismatch?.canonicalRequest == item.canonicalRequest, "\(item.name)")
            #expect(mismatch?.stringToSign == item.stringToSign, "\(item.name)")
        }
    }

    @Test func `every case of AWS's suite is signed as AWS does`() throws {
        guard let suite = try Self.load() else { return }
        var count = 0
        for item in suite.cases {
            let (signed, body) = try Self.head(item.signedRequest)
            // Here the token is added behind the signature, which our signer never does.
            if item.name == "post-sts-token/post-sts-header-after" { continue }
            var head = signed
            head.headers.remove("authorization")
            let signer = RequestSigner(
                credential: Self.credential(signed), region: Fixture.region, service: "service", rules: Self.rules
            )
            let result = try signer.sign(head, payload: .absent, body: body, at: Fixture.now).head
            #expect(result.headers.first("authorization") == item.authorization, "\(item.name)")
            count += 1
        }
        #expect(count >= 33)
    }
}
