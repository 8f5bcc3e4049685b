import Foundation
import Primitives
import ServiceModel
import TestSupport
import Testing
import WireProtocols

/// Our reader and Foundation's parser must take and refuse the same texts.
///
/// Where they differ, and who is right:
/// - Foundation detects UTF-16 and UTF-32 by their zero bytes and skips a byte order mark: RFC 8259 (8.1) has UTF-8 and
///   allows a mark to be refused.
/// - Foundation refuses numbers that no `Double` holds (`1e999`): ours keeps a number's text.
/// - Foundation takes a comma before a closing brace: RFC 8259 (4) does not.
/// - Nesting: ours stops at 128, Foundation at 512; the generator stays below.
@Suite struct JSONFuzzTests {
    private static func foundationAccepts(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    }

    private static func weAccept(_ bytes: [UInt8]) -> Bool {
        (try? JSONReaderTests.document(bytes)) != nil
    }

    /// Skips the text as the value of an unknown member: the other way through the reader.
    private static func weSkip(_ bytes: [UInt8]) -> Bool {
        do throws(ShapeError) {
            let reader = JSONReader(Array("{\"unknown\":".utf8) + bytes + Array("}".utf8))
            try reader.beginStructure(JSONTestSchemas.everything)
            guard try reader.nextMember(JSONTestSchemas.everything) == nil else { return false }
            try reader.finish()
            return true
        } catch {
            return false
        }
    }

    private static func isKnownDifference(_ bytes: [UInt8]) -> Bool {
        let marks: [[UInt8]] = [[0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE]]
        if marks.contains(where: { bytes.starts(with: $0) }) || bytes.prefix(4).contains(0) { return true }
        // A number beyond Double: an exponent of three digits or a very long integer.
        let text = String(decoding: bytes, as: UTF8.self)
        if text.firstMatch(of: /,\s*[}\]]/) != nil { return true }
        return text.firstMatch(of: /[eE][+]?[0-9]{3,}/) != nil || text.firstMatch(of: /[0-9]{300,}/) != nil
    }

    @Test func `mutated and random texts are taken and refused as Foundation does`() {
        let seed = SeededRandomSource.testSeed(0x4A53_4F4E)
        var generator = JSONGenerator(seed: seed)
        for round in 0..<8_000 {
            let bytes = generator.next(round)
            let expected = Self.foundationAccepts(bytes)
            let found = Self.weAccept(bytes)
            if expected != found, !Self.isKnownDifference(bytes) {
                let text = String(decoding: bytes, as: UTF8.self)
                Issue.record(
                    "seed \(seed), round \(round): ours \(found), Foundation's \(expected): \(bytes) \(text)"
                )
                return
            }
            // Skipping and reading must agree; text behind the value would close the object around it.
            if found != Self.weSkip(bytes), !bytes.contains(UInt8(ascii: "}")), !bytes.contains(UInt8(ascii: ",")) {
                Issue.record("seed \(seed), round \(round): read \(found), skipped otherwise: \(bytes)")
                return
            }
        }
    }

    @Test func `documents read back as they were written`() throws {
        let seed = SeededRandomSource.testSeed(0x4A53_4F4F)
        var generator = JSONGenerator(seed: seed)
        let member = MemberSchema(name: "root", target: JSONTestSchemas.document)
        for round in 0..<2_000 {
            let text = generator.document(depth: 5)
            let document = try JSONReaderTests.document(text)
            let writer = JSONWriter()
            writer.document(document, member)
            let again = try JSONReaderTests.document(writer.takeBytes())
            if again != document {
                Issue.record("seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
                return
            }
        }
    }
}

/// Makes JSON texts, most of them broken somewhere.
struct JSONGenerator {
    private let random: SeededRandomSource
    private static let punctuation = Array("{}[]:,\"\\ \n\t0123456789-+.eEtrufalsn/'u".utf8)
    private static let scalars = [
        "a", "é", "😹", "\u{7f}", "\\n", "\\\"", "\\u00e9", "\\ud83d\\ude39", "/", "key", "\u{FFFF}",
    ]

    init(seed: UInt64) {
        self.random = SeededRandomSource(seed: seed)
    }

    private func below(_ bound: Int) -> Int { Int(self.random.next() % UInt64(bound)) }

    mutating func next(_ round: Int) -> [UInt8] {
        switch round % 4 {
        case 0: return self.document(depth: 4)
        case 1, 2:
            var bytes = self.document(depth: 3)
            for _ in 0...self.below(3) { self.mutate(&bytes) }
            return bytes
        default: return (0..<self.below(14)).map { _ in Self.punctuation[self.below(Self.punctuation.count)] }
        }
    }

    func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let place = self.below(bytes.count)
        switch self.below(6) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: self.random.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(Self.punctuation[self.below(Self.punctuation.count)], at: place)
        case 3: bytes.removeSubrange(place...)
        case 4: bytes.insert(UInt8(truncatingIfNeeded: self.random.next()), at: place)
        default: bytes.swapAt(place, self.below(bytes.count))
        }
    }

    mutating func document(depth: Int) -> [UInt8] {
        var output: [UInt8] = []
        self.append(depth, &output)
        return output
    }

    private func space(_ output: inout [UInt8]) {
        if self.below(4) == 0 { output.append([0x20, 0x0A, 0x0D, 0x09][self.below(4)]) }
    }

    private func append(_ depth: Int, _ output: inout [UInt8]) {
        self.space(&output)
        switch self.below(depth > 0 ? 8 : 5) {
        case 0: output.append(contentsOf: ["null", "true", "false"][self.below(3)].utf8)
        case 1, 2: self.number(&output)
        case 3, 4: self.string(&output)
        case 5, 6:
            output.append(UInt8(ascii: "{"))
            for index in 0..<self.below(5) {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                self.space(&output)
                self.string(&output)
                self.space(&output)
                output.append(UInt8(ascii: ":"))
                self.append(depth - 1, &output)
            }
            self.space(&output)
            output.append(UInt8(ascii: "}"))
        default:
            output.append(UInt8(ascii: "["))
            for index in 0..<self.below(5) {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                self.append(depth - 1, &output)
            }
            self.space(&output)
            output.append(UInt8(ascii: "]"))
        }
        self.space(&output)
    }

    private func number(_ output: inout [UInt8]) {
        var text = self.below(2) == 0 ? "-" : ""
        text += self.below(3) == 0 ? "0" : String(1 + self.below(99_999))
        if self.below(3) == 0 { text += "." + String(self.below(1_000)) }
        if self.below(4) == 0 { text += ["e", "E", "e+", "E-"][self.below(4)] + String(self.below(40)) }
        output.append(contentsOf: text.utf8)
    }

    private func string(_ output: inout [UInt8]) {
        output.append(0x22)
        for _ in 0..<self.below(12) { output.append(contentsOf: Self.scalars[self.below(Self.scalars.count)].utf8) }
        output.append(0x22)
    }
}
