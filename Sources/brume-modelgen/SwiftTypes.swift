/// How shapes look in Swift: their types, and the expressions that read, write and stand for them.
struct SwiftTypes {
    let service: ServiceIR

    /// The type of a value of the shape, not optional.
    func type(_ name: String) -> String {
        if let binding = self.service.bindings[name] { return binding.type }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure":
            if shape.isDocument { return "Document" }
            let type = self.service.typeName(name)
            return shape.isEventStream ? "EventStream<\(type)>" : type
        case "string", "character": return shape.isEnumeration ? self.service.typeName(name) : "String"
        case "list": return "[\(self.item(shape, shape.member))]"
        case "map": return "[\(self.hasExactKeys(shape) ? "ExactName" : "String"): \(self.item(shape, shape.value))]"
        case "blob": return "[UInt8]"
        case "boolean": return "Bool"
        case "byte", "short", "integer", "long": return "Int"
        case "float", "double": return "Double"
        case "timestamp": return "Timestamp"
        case "bigInteger", "bigDecimal": return "String"
        default: preconditionFailure("shape type \(shape.type)")
        }
    }

    /// The type of an element or a map's value.
    private func item(_ shape: ModelFile.Shape, _ reference: ModelFile.Reference?) -> String {
        self.type(reference?.shape ?? "") + (shape.sparse == true ? "?" : "")
    }

    /// Whether canonically equivalent keys of a map are different keys.
    private func hasExactKeys(_ map: ModelFile.Shape) -> Bool {
        map.key.map { self.service.shape($0.shape).isExact == true } ?? false
    }

    /// Modules beside ServiceModel that the type comes from.
    func modules(_ name: String) -> Set<String> {
        if let binding = self.service.bindings[name] { return [binding.module] }
        let shape = self.service.shape(name)
        switch shape.type {
        case "list": return self.modules(shape.member?.shape ?? "")
        case "map":
            return self.modules(shape.value?.shape ?? "").union(self.hasExactKeys(shape) ? ["Primitives"] : [])
        case "timestamp": return ["Primitives"]
        default: return []
        }
    }

    /// An expression that reads a value of the shape; `member` names its `MemberSchema`.
    func read(_ name: String, _ member: String) -> String {
        if let binding = self.service.bindings[name] { return "try \(binding.type)(from: reader, \(member))" }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure":
            return shape.isDocument ? "try reader.document(\(member))" : "try \(self.type(name))(from: reader)"
        case "string", "character":
            let text = "try reader.string(\(member))"
            return shape.isEnumeration ? "\(self.type(name))(rawValue: \(text))" : text
        case "list":
            let method = shape.sparse == true ? "sparseList" : "list"
            return self.closure(method, member, self.read(shape.member?.shape ?? "", "member"))
        case "map":
            let method = shape.sparse == true ? "sparseMap" : self.hasExactKeys(shape) ? "exactMap" : "map"
            return self.closure(method, member, self.read(shape.value?.shape ?? "", "member"))
        case "blob": return "try reader.blob(\(member))"
        case "boolean": return "try reader.boolean(\(member))"
        case "byte", "short", "integer", "long": return "Int(try reader.integer(\(member)))"
        case "float", "double": return "try reader.double(\(member))"
        case "timestamp": return "try reader.timestamp(\(member))"
        default: return "try reader.bigNumber(\(member))"
        }
    }

    private func closure(_ method: String, _ member: String, _ body: String) -> String {
        // A structure is read without its member's schema.
        let parameter = body.contains("member)") ? "member" : "_"
        return "try reader.\(method)(\(member)) { (\(parameter)) throws(ShapeError) in \(body) }"
    }

    /// What stands for a required member that is not there.
    func stand(_ name: String) -> String {
        if let binding = self.service.bindings[name] { return "\(binding.type).missing" }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure":
            if shape.isDocument { return "Document.null" }
            if shape.isUnion { return "\(self.type(name)).unknown" }
            let properties = StructureEmitter(service: self.service, shape: shape).properties
            let arguments = properties.filter(\.isRequired).map { property in
                let stand = self.stand(property.shape)
                return "\(property.name): \(property.isBoxed ? "Indirect(\(stand))" : stand)"
            }
            return "\(self.type(name))(\(arguments.joined(separator: ", ")))"
        case "string", "character": return shape.isEnumeration ? "\(self.type(name))(rawValue: \"\")" : "\"\""
        case "list", "blob": return "[]"
        case "map": return "[:]"
        case "boolean": return "false"
        case "byte", "short", "integer", "long", "float", "double": return "0"
        case "timestamp": return "Timestamp(millisecondsSinceEpoch: 0)"
        default: return "\"0\""
        }
    }

    /// The lines that write `value`; `member` names its `MemberSchema`.
    func write(_ name: String, _ value: String, _ member: String, depth: Int = 0) -> [String] {
        if self.service.bindings[name] != nil { return ["\(value).write(to: writer, \(member))"] }
        let shape = self.service.shape(name)
        switch shape.type {
        case "structure":
            return [shape.isDocument ? "writer.document(\(value), \(member))" : "\(value).write(to: writer)"]
        case "string", "character":
            return ["writer.string(\(value)\(shape.isEnumeration ? ".rawValue" : ""), \(member))"]
        case "list":
            if let element = shape.member?.shape, shape.sparse != true, self.service.bindings[element] != nil {
                return ["\(self.type(element)).write(\(value), to: writer, \(member))"]
            }
            let (element, item) = ("element\(depth)", "item\(depth)")
            return [
                "let \(element) = \(member).target.element",
                "writer.beginList(\(member), count: \(value).count)",
                "for \(item) in \(value) {",
                "    writer.element(\(element))",
            ] + self.writeItem(shape, shape.member, item, element, depth) + ["}", "writer.endList(\(member))"]
        case "map":
            let (entry, key, item) = ("value\(depth)", "key\(depth)", "item\(depth)")
            let body = self.writeItem(shape, shape.value, item, entry, depth)
            let isUsed = body.contains { $0.contains("\(entry))") || $0.contains("\(entry).") }
            return (isUsed ? ["let \(entry) = \(member).target.value"] : []) + [
                "writer.beginMap(\(member), count: \(value).count)",
                "for (\(key), \(item)) in \(value).sorted(by: { $0.key < $1.key }) {",
                "    writer.key(\(key)\(self.hasExactKeys(shape) ? ".text" : ""), \(member).target.key)",
            ] + body + ["}", "writer.endMap(\(member))"]
        case "blob": return ["writer.blob(\(value).span, \(member))"]
        case "boolean": return ["writer.boolean(\(value), \(member))"]
        case "byte", "short", "integer", "long": return ["writer.integer(Int64(\(value)), \(member))"]
        case "float", "double": return ["writer.double(\(value), \(member))"]
        case "timestamp": return ["writer.timestamp(\(value), \(member))"]
        default: return ["writer.bigNumber(\(value), \(member))"]
        }
    }

    /// The body of a loop over a list or map.
    private func writeItem(
        _ shape: ModelFile.Shape, _ reference: ModelFile.Reference?, _ item: String, _ member: String, _ depth: Int
    ) -> [String] {
        let lines = self.write(reference?.shape ?? "", item, member, depth: depth + 1)
        guard shape.sparse == true else { return lines.map { "    " + $0 } }
        return ["    if let \(item) {"] + lines.map { "        " + $0 } + [
            "    } else {", "        writer.null()", "    }",
        ]
    }

    /// Whether a value of the one structure can hold one of the other without a list, map or union in between; or, if
    /// `isForced`, whether it must.
    func holdsDirectly(_ name: String, _ other: String, isForced: Bool = false) -> Bool {
        var seen: Set<String> = []
        var waiting = [name]
        while let next = waiting.popLast() {
            if next == other { return true }
            guard seen.insert(next).inserted, self.isPlainStructure(next) else { continue }
            let shape = self.service.shape(next)
            waiting += (shape.members ?? []).filter { member in
                self.isPlainStructure(member.shape) && (!isForced || self.service.isRequired(member, of: shape))
            }.map(\.shape)
        }
        return false
    }

    /// A structure that becomes a struct; unions are indirect enumerations.
    func isPlainStructure(_ name: String) -> Bool {
        let shape = self.service.shape(name)
        return shape.type == "structure" && !shape.isDocument && !shape.isUnion && self.service.bindings[name] == nil
    }
}
