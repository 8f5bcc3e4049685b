import Primitives
import ServiceModel
import TestSupport
import Testing
import WireProtocols

/// XML and CBOR under random values and random damage.
@Suite struct FormatFuzzTests {
    /// A format under test.
    struct Subject: Sendable, CustomStringConvertible {
        let description: String
        let format: any BodyFormat
        let schema: ShapeSchema
        let alphabet: [UInt8]

        func write(_ value: DynamicValue) -> [UInt8] {
            let writer = self.format.makeWriter(root: .structure(self.schema))
            DynamicValue.writeStructure(value, self.schema, to: writer)
            return writer.takeBytes()
        }

        func read(_ bytes: [UInt8]) throws(ShapeError) -> DynamicValue {
            let reader = ShapeReader(try self.format.makeReader(bytes, root: .structure(self.schema)))
            let value = try DynamicValue.readStructure(reader, self.schema)
            try reader.wire.finish()
            return value
        }
    }

    static let subjects = [
        Subject(
            description: "XML", format: XMLFormat(), schema: EverythingSchema.xml,
            alphabet: Array("<>/&;\"'=?! -[]#x:amk1 \r\n".utf8)),
        Subject(
            description: "CBOR", format: CBORFormat(), schema: EverythingSchema.cbor,
            alphabet: [
                0x00, 0x18, 0x1B, 0x3B, 0x40, 0x5F, 0x60, 0x7F, 0x80, 0x9F, 0xA1, 0xBF, 0xC1, 0xC2, 0xC4, 0xF6,
                0xF7, 0xF9, 0xFB, 0xFF,
            ]),
    ]

    @Test(arguments: Self.subjects)
    func `what is written is read back`(_ subject: Subject) throws {
        let seed = SeededRandomSource.testSeed(101)
        let source = SeededRandomSource(seed: seed)
        for round in 0..<300 {
            let value = DynamicValue.random(subject.schema, source)
            let read = try subject.read(subject.write(value))
            #expect(read == value, "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: Self.subjects)
    func `a document that is cut anywhere is refused`(_ subject: Subject) {
        let seed = SeededRandomSource.testSeed(102)
        let source = SeededRandomSource(seed: seed)
        for round in 0..<10 {
            let bytes = subject.write(DynamicValue.random(subject.schema, source)).prefix(3000)
            let isWhole = bytes.count < 3000
            for count in 0..<(isWhole ? bytes.count : bytes.count - 1) {
                let value = try? subject.read(Array(bytes.prefix(count)))
                #expect(value == nil, "seed \(seed), round \(round), \(count) bytes")
            }
        }
    }

    /// The reader answers or refuses; what it took, it takes again in the writer's own form.
    @Test(arguments: Self.subjects)
    func `damage is refused or read to a stable value`(_ subject: Subject) throws {
        let seed = SeededRandomSource.testSeed(103)
        let source = SeededRandomSource(seed: seed)
        let mutator = ByteMutator(source: source, alphabet: subject.alphabet)
        var accepted = 0
        for round in 0..<150 {
            let bytes = subject.write(DynamicValue.random(subject.schema, source))
            for _ in 0..<20 {
                guard let value = try? subject.read(mutator.mutated(bytes)) else { continue }
                accepted += 1
                let again = try? subject.read(subject.write(value))
                #expect(again == value, "seed \(seed), round \(round)")
            }
        }
        #expect(accepted > 0)
    }

    @Test(arguments: Self.subjects)
    func `noise is refused`(_ subject: Subject) {
        let seed = SeededRandomSource.testSeed(104)
        let source = SeededRandomSource(seed: seed)
        let mutator = ByteMutator(source: source, alphabet: subject.alphabet)
        for _ in 0..<3000 {
            let noise = mutator.mutated(source.bytes(Int(source.next() % 64)))
            if let value = try? subject.read(noise) {
                let again = try? subject.read(subject.write(value))
                #expect(again == value, "seed \(seed): \(noise)")
            }
        }
    }
}
