/// A service model as generated code carries it: one compact text, read at first use.
///
/// A literal of typed values of this size does not compile in reasonable time; a text costs nothing to compile and some
/// hundred microseconds to read. One fact a line, words separated by spaces, `%`-escaped where a word holds a space:
///
///     service <id> <key=value>...
///     names <every operation of the AWS service>
///     shape <name> <type> <trait>...
///     member <name> <shape> <trait>...
///     operation <name> <input> <output> <key=value>...
///
/// `member` lines belong to the shape line before them. Written by `brume-modelgen` only, so a fault is a programmer's
/// error and traps.
package struct SchemaText: Sendable {
    package let service: ServiceSchema
    private let shapes: [String: ShapeSchema]

    package init(_ text: String) {
        var reader = SchemaTextReader()
        for line in text.split(separator: "\n") {
            reader.read(line.split(separator: " "))
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
        var target: Substring
        var traits: MemberTraits
    }

    private struct Operation {
        var name: String
        var input: Substring
        var output: Substring
        var facts: SchemaWords
    }

    private(set) var shapes: [String: ShapeSchema] = [:]
    private var current: ShapeSchema?
    private var members: [Member] = []
    private var gathered: [(ShapeSchema, [Member])] = []
    private var operations: [Operation] = []
    private var names: [String] = []
    private var service = SchemaWords([])

    mutating func read(_ words: [Substring]) {
        switch words[0] {
        case "service":
            self.service = SchemaWords(words.dropFirst(1))
        case "names":
            self.names = words.dropFirst().map(String.init)
        case "shape":
            guard let type = ShapeType(schemaWord: words[2]) else { preconditionFailure("shape type \(words[2])") }
            let traits = ShapeTraits(SchemaWords(words.dropFirst(3)))
            self.endShape()
            let shape = ShapeSchema(name: String(words[1]), type: type, traits: traits)
            self.shapes[shape.name] = shape
            self.current = shape
        case "member":
            let traits = MemberTraits(SchemaWords(words.dropFirst(3)))
            self.members.append(Member(name: SchemaWords.decoded(words[1]), target: words[2], traits: traits))
        case "operation":
            let facts = SchemaWords(words.dropFirst(4))
            self.operations.append(
                Operation(
                    name: String(words[1]),
                    input: words[2],
                    output: words[3],
                    facts: facts
                )
            )
        default:
            preconditionFailure("schema line \(words[0])")
        }
    }

    private mutating func endShape() {
        if let shape = self.current { self.gathered.append((shape, self.members)) }
        self.members = []
    }

    private func shape(_ name: Substring) -> ShapeSchema {
        guard let shape = self.shapes[String(name)] else { preconditionFailure("shape \(name) is not in the text") }
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
        let facts = self.service
        return ServiceSchema(
            id: facts["id"] ?? "",
            signingName: facts["signing"] ?? "",
            endpointPrefix: facts["endpoint"] ?? "",
            targetPrefix: facts["target"],
            apiVersion: facts["version"] ?? "",
            protocols: facts.list("protocols").compactMap(ProtocolName.init(rawValue:)),
            isQueryCompatible: facts.has("query-compatible"),
            xmlNamespace: facts["xmlns"].map { XMLNamespace(uri: $0) },
            operations: self.operations.map { operation in
                OperationSchema(
                    name: operation.name,
                    input: self.shape(operation.input),
                    output: self.shape(operation.output),
                    errors: operation.facts.list("errors").map { self.shape($0[...]) },
                    method: operation.facts["method"] ?? "POST",
                    uri: operation.facts["uri"] ?? "/",
                    status: operation.facts["status"].flatMap { Int($0) } ?? 200,
                    resultWrapper: operation.facts["wrapper"],
                    isUnsigned: operation.facts.has("unsigned"),
                    hostPrefix: operation.facts["host-prefix"]
                )
            },
            operationNames: self.names
        )
    }
}
