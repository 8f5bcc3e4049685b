/// A service model as generated code carries it: one compact text, read at first use.
///
/// A literal of typed values of this size does not compile in reasonable time; a text costs nothing to compile and some
/// hundred microseconds to read. One fact a line, words separated by spaces, `%`-escaped where a word holds a space:
///
///     service <id> <key=value>...
///     names <every operation of the AWS service>
///     shape <name> <type> <trait>...            numbered from 0 in the order of the lines
///     member <name> <number of its shape> <trait>...
///     operation <name> <input> <output> <key=value>...
///
/// `member` lines belong to the shape line before them. Written by `brume-modelgen` only, so a fault is a programmer's
/// error and traps.
package struct SchemaText: Sendable {
    package let service: ServiceSchema
    /// By number.
    package let shapes: [ShapeSchema]

    package init(_ text: String) {
        var reader = SchemaTextReader()
        for line in text.split(separator: "\n") {
            reader.read(line.split(separator: " "))
        }
        self.shapes = reader.definedShapes()
        self.service = reader.serviceSchema(self.shapes)
    }
}

/// Gathers the lines; members are resolved when all shapes are known, as they refer to each other in circles.
private struct SchemaTextReader {
    private struct Member {
        var name: String
        var target: Int
        var traits: MemberTraits
    }

    private struct Operation {
        var name: String
        var input: Int
        var output: Int
        var facts: SchemaWords
    }

    private var shapes: [ShapeSchema] = []
    private var members: [[Member]] = []
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
            self.shapes.append(ShapeSchema(name: String(words[1]), type: type, traits: traits))
            self.members.append([])
        case "member":
            let member = Member(
                name: SchemaWords.decoded(words[1]),
                target: Self.number(words[2]),
                traits: MemberTraits(SchemaWords(words.dropFirst(3)))
            )
            self.members[self.members.count - 1].append(member)
        case "operation":
            let facts = SchemaWords(words.dropFirst(4))
            self.operations.append(
                Operation(
                    name: String(words[1]),
                    input: Self.number(words[2]),
                    output: Self.number(words[3]),
                    facts: facts
                )
            )
        default:
            preconditionFailure("schema line \(words[0])")
        }
    }

    static func number(_ word: Substring) -> Int {
        guard let number = Int(word) else { preconditionFailure("schema number \(word)") }
        return number
    }

    func definedShapes() -> [ShapeSchema] {
        for (shape, members) in zip(self.shapes, self.members) {
            shape.define(members: members.map {
                MemberSchema(name: $0.name, target: self.shapes[$0.target], traits: $0.traits)
            })
        }
        return self.shapes
    }

    func serviceSchema(_ shapes: [ShapeSchema]) -> ServiceSchema {
        let facts = self.service
        return ServiceSchema(
            id: facts["id"] ?? "",
            signingName: facts["signing"] ?? "",
            endpointPrefix: facts["endpoint"] ?? "",
            targetPrefix: facts["target"],
            apiVersion: facts["version"] ?? "",
            protocols: (facts["protocols"] ?? "").split(separator: ",").compactMap { ProtocolName(rawValue: String($0)) },
            isQueryCompatible: facts.has("query-compatible"),
            xmlNamespace: facts["xmlns"].map { XMLNamespace(uri: $0) },
            operations: self.operations.map { operation in
                OperationSchema(
                    name: operation.name,
                    input: shapes[operation.input],
                    output: shapes[operation.output],
                    errors: (operation.facts["errors"] ?? "").split(separator: ",").map { shapes[Self.number($0)] },
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
