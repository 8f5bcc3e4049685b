package import ServiceModel

/// The body of Smithy's `ValidationException`: the sentence and one entry for each member.
///
/// - Source: smithy.framework#ValidationException.
package struct ValidationExceptionDetail: WritableShape {
    private struct Field: Sendable {
        var message: String
        var path: String
    }

    private static let string = ShapeSchema(name: "String", type: .string)
    private static let field: ShapeSchema = {
        let schema = ShapeSchema(name: "ValidationExceptionField", type: .structure)
        schema.define(members: [
            MemberSchema(name: "message", target: Self.string), MemberSchema(name: "path", target: Self.string),
        ])
        return schema
    }()
    private static let fieldList: ShapeSchema = {
        let schema = ShapeSchema(name: "ValidationExceptionFieldList", type: .list)
        schema.define(members: [MemberSchema(name: "member", target: Self.field)])
        return schema
    }()
    package static let schema: ShapeSchema = {
        var traits = ShapeTraits()
        traits.error = ErrorTrait(status: 400, isServerFault: false)
        let schema = ShapeSchema(name: "ValidationException", type: .structure, traits: traits)
        schema.define(members: [
            MemberSchema(name: "message", target: Self.string), MemberSchema(name: "fieldList", target: Self.fieldList),
        ])
        return schema
    }()

    private let message: String
    private let fields: [Field]

    package init(_ violations: [ConstraintViolation]) {
        self.message = ViolationWording.smithy.sentence(violations)
        self.fields = violations.prefix(ViolationWording.violationCountMax).map {
            Field(message: ViolationWording.smithy.clause($0), path: ViolationWording.smithy.path($0.path))
        }
    }

    package func write(to writer: any ShapeWriter) {
        let members = Self.schema.members
        writer.beginStructure(Self.schema)
        writer.member(members[0])
        writer.string(self.message, members[0])
        writer.member(members[1])
        writer.beginList(members[1], count: self.fields.count)
        for field in self.fields {
            let element = Self.fieldList.element
            let parts = Self.field.members
            writer.element(element)
            writer.beginStructure(Self.field)
            writer.member(parts[0])
            writer.string(field.message, parts[0])
            writer.member(parts[1])
            writer.string(field.path, parts[1])
            writer.endStructure()
        }
        writer.endList(members[1])
        writer.endStructure()
    }
}
