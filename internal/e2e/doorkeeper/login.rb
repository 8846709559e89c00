# frozen_string_literal: true

# The sign-in page, with a password for nobody. Doorkeeper's own page, which asks
# for consent, comes after it.
class LoginController < ActionController::Base
  protect_from_forgery with: :exception

  PAGE = <<~HTML
    <!DOCTYPE html>
    <html lang="en">
    <head><meta charset="utf-8"><title>Sign in</title></head>
    <body>
    <h1>Sign in</h1>
    <%= form_tag("/users/sign_in") do %>
      <label>Username <input name="username"></label>
      <button>Sign in</button>
    <% end %>
    </body>
    </html>
  HTML

  def show = render(inline: PAGE)

  def create
    back = session[:return_to]
    reset_session
    session[:user_id] = User.find_or_create_by!(username: params.require(:username)).id
    redirect_to(back || "/")
  end
end
