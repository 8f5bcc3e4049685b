/// A service model as generated code carries it: one compact text, read at first use.
///
/// A literal of typed values of this size does not compile in reasonable time; a text costs nothing to compile and some
/// hundred microseconds to read. One fact a line, words separated by spaces, `%`-escaped where a word holds a space:
///
///     service <fact>...
///     names <every operation of the AWS service>
///     shape <name> <type> <fact>...
///     member <name> <shape> <fact>...
///     operation <name> <input> <output> <fact>...
///
/// `member` lines belong to the shape line before them. Written by `brume-modelgen` only, so a fault is a programmer's
/// error and traps.
package struct SchemaText: Sendable {
    package let service: ServiceSchema
    private let shapes: [String: ShapeSchema]

    package init(_ text: String) {
        var reader = SchemaTextReader()
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            reader.read(line.split(separator: UInt8(ascii: " ")))
        }
        reader.defineMembers()
        self.shapes = reader.shapes
        self.service = reader.serviceSchema()
    }

    /// The shape of that name, which must be in the text.
    package func shape(_ name: String) -> ShapeSchema {
        guard let shape = self.shapes[name] else { preconditionFailure("\(self.service.id) has no shape \(name)") }
        return shape
    }
}

/// Gathers the lines; members are resolved when all shapes are known, as they refer to each other in circles.
private struct SchemaTextReader {
    private struct Member {
        var name: String
        var target: String
        var traits: MemberTraits
    }

    private struct Operation {
        var name: String
        var input: String
        var output: String
        var facts: [SchemaFact]
    }

    private(set) var shapes: [String: ShapeSchema] = [:]
    private var current: ShapeSchema?
    private var members: [Member] = []
    private var gathered: [(ShapeSchema, [Member])] = []
    private var operations: [Operation] = []
    private var names: [String] = []
    private var service: [SchemaFact] = []

    mutating func read(_ words: [Substring.UTF8View]) {
        func word(_ index: Int) -> String { SchemaFact.decoded(words[index]) }
        func facts(from index: Int) -> some Sequence<SchemaFact> { words.dropFirst(index).lazy.map(SchemaFact.init) }
        switch word(0) {
        case "service":
            self.service = Array(facts(from: 1))
        case "names":
            self.names = words.dropFirst().map(SchemaFact.decoded)
        case "shape":
            guard let type = ShapeType(schemaWord: word(2)) else { preconditionFailure("shape type \(word(2))") }
            self.endShape()
            let shape = ShapeSchema(name: word(1), type: type, traits: ShapeTraits(facts(from: 3)))
            self.shapes[shape.name] = shape
            self.current = shape
        case "member":
            self.members.append(Member(name: word(1), target: word(2), traits: MemberTraits(facts(from: 3))))
        case "operation":
            self.operations.append(
                Operation(name: word(1), input: word(2), output: word(3), facts: Array(facts(from: 4)))
            )
        default:
            preconditionFailure("schema line \(word(0))")
        }
    }

    private mutating func endShape() {
        if let shape = self.current { self.gathered.append((shape, self.members)) }
        self.members = []
    }

    private func shape(_ name: String) -> ShapeSchema {
        guard let shape = self.shapes[name] else { preconditionFailure("shape \(name) is not in the text") }
        return shape
    }

    mutating func defineMembers() {
        self.endShape()
        for (shape, members) in self.gathered {
            shape.define(
                members: members.map { MemberSchema(name: $0.name, target: self.shape($0.target), traits: $0.traits) }
            )
        }
    }

    func serviceSchema() -> ServiceSchema {
        func fact(_ key: String) -> SchemaFact? { self.service.first { $0.key == key } }
        return ServiceSchema(
            id: fact("id")?.text ?? "",
            signingName: fact("signing")?.text ?? "",
            endpointPrefix: fact("endpoint")?.text ?? "",
            targetPrefix: fact("target")?.text,
            apiVersion: fact("version")?.text ?? "",
            protocols: fact("protocols")?.list.compactMap(ProtocolName.init(rawValue:)) ?? [],
            isQueryCompatible: fact("query-compatible") != nil,
            quirks: ServiceQuirks(ServiceQuirks.words.filter { fact($0.word) != nil }.map(\.quirk)),
            xmlNamespace: (fact("xmlns")?.text).map { XMLNamespace(uri: $0) },
            operations: self.operations.map(self.operationSchema),
            operationNames: self.names
        )
    }

    private func operationSchema(_ operation: Operation) -> OperationSchema {
        func fact(_ key: String) -> SchemaFact? { operation.facts.first { $0.key == key } }
        return OperationSchema(
            name: operation.name,
            input: self.shape(operation.input),
            output: self.shape(operation.output),
            errors: fact("errors")?.list.map(self.shape) ?? [],
            method: fact("method")?.text ?? "POST",
            uri: fact("uri")?.text ?? "/",
            status: fact("status")?.integer ?? 200,
            resultWrapper: fact("wrapper")?.text,
            isUnsigned: fact("unsigned") != nil,
            hostPrefix: fact("host-prefix")?.text
        )
    }
}
